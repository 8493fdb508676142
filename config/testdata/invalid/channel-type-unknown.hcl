channel "releases" {
  type = "team"
  url  = env("RELEASES_WEBHOOK_URL")
}

relay {
  ops = channel.releases
}
