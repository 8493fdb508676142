channel "a" {
  type = "inbox"
}

channel "b" {
  type = "inbox"
}

connector "rss" "one" {
  url = "https://example.com/feed"

  route {
    to = [channel.b, channel.a, channel.b]
  }

  route {
    to = [for name in ["a", "b"] : channel[name] if name != "a"]
  }

  route {
    to = env("ABSENT", "") == "" ? [channel.a] : [channel.a, channel.b]
  }

  route {
    to = concat([channel.a], values(channel))
  }
}
