channel "releases" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  rate = "4 per second"
}

relay {
  ops = channel.releases
}
