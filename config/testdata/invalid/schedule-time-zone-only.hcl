channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  schedule = "TZ=UTC"
  url      = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
