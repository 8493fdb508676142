channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to   = [channel.lobby]
    when = contians(["entry"], event.kind)
  }
}
