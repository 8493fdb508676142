channel "releases" {
  type  = "teams"
  url   = env("RELEASES_WEBHOOK_URL")
  burst = 3
}

relay {
  ops = channel.releases
}
