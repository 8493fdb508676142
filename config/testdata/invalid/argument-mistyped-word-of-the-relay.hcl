channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  shedule = "@hourly"
  url     = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
