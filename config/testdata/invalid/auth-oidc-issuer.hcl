dashboard {
  auth {
    oidc {
      issuer    = "http://login.example.com"
      client_id = "relay"
      secret    = "canary-secret"
    }
    role "ops" { groups = ["a"] }
  }
}
