relay {
  http {
    cert_file = "client.pem"
    key_file  = "client.key"
  }
}
