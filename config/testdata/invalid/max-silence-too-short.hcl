channel "lobby" {
  type = "inbox"
  team = null
}

team "platform" {
  members = ["lead@example.com"]
}

connector "rss" "blog" {
  max_silence = "1s"
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
