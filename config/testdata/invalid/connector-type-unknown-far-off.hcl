channel "lobby" {
  type = "inbox"
}

connector "pager" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
