channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
channel "other" {
  type = "inbox"
}

