channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  path = "/hooks/0123456789abcdef0123"
  route { to = [channel.lobby] }
}
