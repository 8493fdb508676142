channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}

connector "webhook" "blog" {
  route {
    to = [channel.lobby]
  }
}
