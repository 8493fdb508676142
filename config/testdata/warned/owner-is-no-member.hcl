channel "lobby" {
  type = "inbox"
  team = team.platform
}

team "platform" {
  members = ["lead@example.com"]
}

connector "rss" "blog" {
  owner = "gone@example.com"
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
