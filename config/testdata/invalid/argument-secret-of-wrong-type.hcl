channel "lobby" {
  type = "inbox"
}

connector "kitchen" "sink" {
  token = ["canary-literal"]

  route {
    to = [channel.lobby]
  }
}
