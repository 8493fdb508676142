channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  path = "/webhookb2/0123456789abcdef0123"
  route { to = [channel.lobby] }
}

connector "webhook" "cd" {
  path = "/webhookb2/0123456789abcdef0123"
  route { to = [channel.lobby] }
}
