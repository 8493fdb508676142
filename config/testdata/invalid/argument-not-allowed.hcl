channel "lobby" {
  type = "inbox"
}

connector "kitchen" "sink" {
  token = env("CANARY")
  level = "hihg"

  route {
    to = [channel.lobby]
  }
}
