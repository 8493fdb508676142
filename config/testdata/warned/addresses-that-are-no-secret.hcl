# chmod 644
channel "stream" {
  type  = "zulip"
  url   = "https://zulip.example.com"
  user  = "bot@example.com"
  token = "canary-token"
  to    = "engineering"
}
channel "room" {
  type    = "matrix"
  payload = "event"
  url     = "https://matrix.example.com"
  token   = file("secrets/canary")
  to      = "!room:example.com"
}
channel "hookshot" {
  type = "matrix"
  url  = "https://matrix.example.com/webhook/canary"
}
connector "kitchen" "sink" {
  token = env("CANARY")
  route {
    to = [channel.stream, channel.room, channel.hookshot]
  }
}
connector "kitchen" "public" {
  token = "https://news.example.com/feed.xml"
}
connector "kitchen" "private" {
  token = "https://news.example.com/feed.xml?for=canary"
}
