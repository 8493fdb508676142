channel "lobby" {
  type = "inbox"
}

relay {
  ops = channel.lobby
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = []
  }
}
