relay {
  http {
    client_cert = "tls/client.pem"
    client_key  = "tls/client.key"
  }
}

channel "a" {
  type = "webhook"
  url  = env("RELEASES_WEBHOOK_URL")
  http {
    client_key = "tls/other.key"
  }
}

channel "b" {
  type = "webhook"
  url  = env("SLACK_WEBHOOK_URL")
  http {
    client_cert = "tls/other.pem"
  }
}
