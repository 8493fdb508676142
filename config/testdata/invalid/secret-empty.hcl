channel "releases" {
  type   = "webhook"
  url    = env("RELEASES_WEBHOOK_URL")
  secret = env("EMPTY")
}

relay {
  ops = channel.releases
}
