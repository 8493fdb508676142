channel "releases" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  quiet {
    from = "22:00"
    to   = "07:00"
  }
}

relay {
  ops = channel.releases
}
