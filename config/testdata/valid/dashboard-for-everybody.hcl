dashboard {
  listen          = "0.0.0.0:8443"
  public_url      = "https://relay.example.com/"
  trusted_proxies = ["10.0.0.0/8"]
  tls {
    certificate = "tls/client.pem"
    key         = "tls/client.key"
  }
  auth {
    oidc {
      issuer        = "https://login.microsoftonline.com/6f1c3d7e-0000-4000-8000-2f6f0d9d1b11/v2.0"
      client_id     = "relay"
      client_secret = env("CANARY")
      groups_claim  = "roles"
    }
    user "ada@example.com" {
      password = "$argon2id$v=19$m=65536,t=3,p=4$Y2FuYXJ5Y2FuYXJ5$Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2E"
    }
    role "ops" {
      members = ["Ada@example.com"]
      groups  = ["6f1c"]
    }
    role "reader" { members = ["eve@example.com"] }
    session = "8h"
  }
}

team "platform" { groups = ["77aa"] }
