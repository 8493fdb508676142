relay {
  http {
    client_cert = "tls/client.pem"
    client_key  = "tls/other.key"
  }
}
