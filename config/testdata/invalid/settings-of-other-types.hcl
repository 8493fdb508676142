channel "chat" {
  type = "slack"
  url  = "https://hooks.example.com/canary"
  to   = "general"
}
channel "stream" {
  type  = "zulip"
  url   = "https://zulip.example.com"
  user  = ""
  topic = "builds"
}
channel "room" {
  type    = "matrix"
  url     = "https://matrix.example.com"
  payload = "event"
}
channel "hook" {
  type  = "matrix"
  url   = "https://hookshot.example.com/webhook/canary"
  token = "canary-token"
}
channel "flow" {
  type         = "teams"
  url          = "https://flow.example.com/canary"
  card_version = "2.0"
  thread       = true
}
