channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  ulr = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
