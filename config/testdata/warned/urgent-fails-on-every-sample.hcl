channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to     = [channel.lobby]
    urgent = event.data.entry.severity == "high" || event.kind == "entri"
  }
}
