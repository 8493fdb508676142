channel "releases" {
  type = "webhook"
  url  = env("RELEASES_WEBHOOK_URL")
  http {
    allow = ["10.0.0.0/8"]
  }
}

relay {
  ops = channel.releases
}
