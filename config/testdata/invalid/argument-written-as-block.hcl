channel "lobby" {
  type = "inbox"
}

connector "kitchen" "sink" {
  token = env("CANARY")
  numbers {
    a = 1
  }

  route {
    to = [channel.lobby]
  }
}
