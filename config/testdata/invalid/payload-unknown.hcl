channel "releases" {
  type    = "teams"
  url     = env("RELEASES_WEBHOOK_URL")
  payload = "mesage"
}

relay {
  ops = channel.releases
}
