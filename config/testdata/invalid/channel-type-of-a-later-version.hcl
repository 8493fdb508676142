channel "slack" {
  type = "slack"
  url  = "https://example.com/canary-later"
}

channel "mattermost" {
  type = "mattermost"
  url  = "https://example.com/canary-later"
}

channel "rocketchat" {
  type = "rocketchat"
  url  = "https://example.com/canary-later"
}

channel "discord" {
  type = "discord"
  url  = "https://example.com/canary-later"
}

channel "googlechat" {
  type = "googlechat"
  url  = "https://example.com/canary-later"
}

channel "webex" {
  type = "webex"
  url  = "https://example.com/canary-later"
}

channel "zulip" {
  type = "zulip"
  url  = "https://example.com/canary-later"
}

channel "matrix" {
  type = "matrix"
  url  = "https://example.com/canary-later"
}

channel "ntfy" {
  type = "ntfy"
  url  = "https://example.com/canary-later"
}

