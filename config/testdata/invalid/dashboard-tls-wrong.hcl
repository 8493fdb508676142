dashboard {
  public_url = "https://192.0.2.7"
  tls {
    certificate = "tls/client.pem"
    key         = "tls/other.key"
  }
  acme {
    email     = "ops"
    directory = "http://acme.example.com"
  }
  auth {
    user "ada@example.com" { password = "$argon2id$v=19$m=65536,t=3,p=4$Y2FuYXJ5Y2FuYXJ5$Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2E" }
    role "ops" { members = ["ada@example.com"] }
  }
}
