channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  path = "/alerts"
  route { to = [channel.lobby] }
}
