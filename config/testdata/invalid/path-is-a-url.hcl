channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  path = "https://x.webhook.office.com/webhookb2/0123456789abcdef0123"
  route { to = [channel.lobby] }
}
