channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  schedule = "@evry 15m"
  url      = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
