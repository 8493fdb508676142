channel "slack" {
  type = "slack"
  url  = "https://hooks.slack.example.com/services/T/B/X"
}
channel "mattermost" {
  type = "mattermost"
  url  = "https://mattermost.example.com/hooks/xyz"
}
channel "rocketchat" {
  type = "rocketchat"
  url  = "https://rocket.example.com/hooks/a/b"
}
channel "discord" {
  type = "discord"
  url  = "https://discord.example.com/api/webhooks/1/x"
}
channel "googlechat" {
  type   = "googlechat"
  url    = "https://chat.example.com/v1/spaces/S/messages?key=k&token=t"
  thread = true
}
channel "webex" {
  type = "webex"
  url  = "https://webex.example.com/v1/webhooks/incoming/x"
}
channel "zulip" {
  type   = "zulip"
  url    = "https://zulip.example.com"
  user   = "relay-bot@example.com"
  token  = "key"
  to     = "engineering"
  topic  = "builds"
  thread = true
}
channel "hookshot" {
  type = "matrix"
  url  = "https://hookshot.example.com/webhook/x"
}
channel "matrix" {
  type    = "matrix"
  url     = "https://matrix.example.com"
  payload = "event"
  token   = "token"
  to      = "!room:example.com"
}
channel "ntfy" {
  type  = "ntfy"
  url   = "https://ntfy.example.com/topic"
  token = "tk_token"
}
channel "teams" {
  type         = "teams"
  url          = "https://flow.example.com/x"
  card_version = "1.5"
}
people "rss" {
  login "octocat" {
    name       = "Mona Lisa"
    teams      = "mona@example.com"
    slack      = "U024BE7LH"
    mattermost = "mona"
    rocketchat = "mona"
    discord    = "80351110224678912"
    googlechat = "users/1234"
    webex      = "mona@example.com"
    zulip      = "42"
    matrix     = "@mona:example.com"
  }
}
connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"
  route {
    to = [channel.slack, channel.mattermost, channel.rocketchat, channel.discord, channel.googlechat, channel.webex,
    channel.zulip, channel.hookshot, channel.matrix, channel.ntfy, channel.teams]
  }
}
