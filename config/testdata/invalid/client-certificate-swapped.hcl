relay {
  http {
    client_cert = "tls/client.key"
    client_key  = "tls/client.pem"
  }
}
