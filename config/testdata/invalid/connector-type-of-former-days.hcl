channel "lobby" {
  type = "inbox"
}

connector "Incoming-Webhook" "ci" {
  route {
    to = [channel.lobby]
  }
}

connector "wunderlist" "chores" {
  route {
    to = [channel.lobby]
  }
}
