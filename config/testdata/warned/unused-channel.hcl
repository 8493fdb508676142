channel "lobby" {
  type = "inbox"
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby]
  }
}
channel "other" {
  type = "inbox"
}

channel "of-a-team" {
  type = "inbox"
  team = team.red
}
team "red" { members = ["mia@example.com"] }
