channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  timeout = "10ms"
  enabled = "maybe"
  url     = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
