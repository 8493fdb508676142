channel "lobby" {
  type = "inbox"
  team = team.platform
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
