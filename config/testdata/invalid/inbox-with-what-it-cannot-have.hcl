channel "lobby" {
  type    = "inbox"
  url     = "https://example.com/canary-url"
  secret  = "canary-secret"
  payload = "message"
  http {
  }
}
