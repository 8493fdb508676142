relay {
  http {
    client_cert = file("tls/client.pem")
    client_key  = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----"
  }
}

channel "a" {
  type = "webhook"
  url  = env("RELEASES_WEBHOOK_URL")
  http {
    client_key = <<-PEM
      -----BEGIN PRIVATE KEY-----
      canary
      -----END PRIVATE KEY-----
    PEM
  }
}
