channel "releases" {
  type    = "office365"
  url     = env("RELEASES_WEBHOOK_URL")
  payload = "message"
}

relay {
  ops = channel.releases
}
