channel "a" {
  type = "webhook"
  url  = env("RELEASES_WEBHOOK_URL")
  http {
    client_key = "tls/client.key"
  }
}

connector "rss" "c" {
  url = "https://example.com/c"
  http {
    client_cert = "tls/client.pem"
  }
  route {
    to = [channel.a]
  }
}
