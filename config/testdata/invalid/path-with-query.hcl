channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  path = "/webhookb2/0123456789abcdef0123?x=1"
  route { to = [channel.lobby] }
}
