channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  schedule = "@hourly"

  route {
    to = [channel.lobby]
  }
}
