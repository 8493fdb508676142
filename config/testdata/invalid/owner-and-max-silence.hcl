channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  owner       = "lead@example.com"
  max_silence = "30d"
  url         = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
