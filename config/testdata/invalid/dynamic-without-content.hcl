channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
    card {
      dynamic "fact" {
        for_each = event.data.alerts
        labels   = [fact.key]
      }
    }
  }
}
