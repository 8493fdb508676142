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
    client_cert = ""
  }
}
