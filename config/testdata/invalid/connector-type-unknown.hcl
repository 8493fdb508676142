channel "lobby" {
  type = "inbox"
}

connector "rsss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
