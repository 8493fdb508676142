channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  route {
    to = [channel.lobby]
  }
}
