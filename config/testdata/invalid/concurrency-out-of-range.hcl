channel "releases" {
  type        = "teams"
  url         = env("RELEASES_WEBHOOK_URL")
  concurrency = 0
}

relay {
  ops = channel.releases
}
