relay {
  http {
    client_cert = "tls/client.pem"
  }
}
