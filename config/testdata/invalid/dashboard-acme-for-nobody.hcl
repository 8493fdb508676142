dashboard {
  acme {}
  tls {
    certificate = ""
    key         = "tls/client.key"
  }
}
