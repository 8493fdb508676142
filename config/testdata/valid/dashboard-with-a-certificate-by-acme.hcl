dashboard {
  listen     = ":443"
  public_url = "https://relay.example.com"
  acme { email = "ops@example.com" }
  auth {
    oidc {
      issuer    = "http://127.0.0.1:5556/dex"
      client_id = "relay"
    }
    role "ops" { groups = ["platform"] }
  }
}
