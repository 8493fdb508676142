channel "lobby" {
  type = "inbox"
}

connector "faulty" "one" {
  route {
    to = [channel.lobby]
  }
}
