channel "lobby" {
  type = "inbox"
  team = "platform"
}

team "platform" {
  members = ["lead@example.com"]
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
