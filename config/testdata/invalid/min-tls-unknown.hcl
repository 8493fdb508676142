relay {
  http {
    min_tls = "1.1"
  }
}

channel "a" {
  type = "webhook"
  url  = env("RELEASES_WEBHOOK_URL")
  http {
    min_tls = ["1.3"]
  }
}
