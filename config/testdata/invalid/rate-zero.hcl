channel "releases" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  rate = "0/s"
}

relay {
  ops = channel.releases
}
