channel "lobby" {
  type = "inbox"
}

connector "kitchen" "sink" {
  token = env("CANARY")
  free  = [channel.lobby]

  route {
    to = [channel.lobby]
  }
}
