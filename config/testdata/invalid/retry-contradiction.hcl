channel "releases" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  retry {
    first   = "1m"
    longest = "10s"
  }
}

relay {
  ops = channel.releases
}
