channel "lobby" {
  type = "inbox"
}

connector "kitchen" "c" {
  token = "x"
  route {
    urgent = "yes, please"
    to     = [channel.lobby]
  }
  route {
    urgent = event.urgency
    to     = [channel.lobby]
  }
}
