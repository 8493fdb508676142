channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  url = null

  route {
    to = [channel.lobby]
  }
}
