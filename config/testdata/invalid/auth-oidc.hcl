dashboard {
  auth {
    oidc {
      issuer        = "https://login.microsoftonline.com/common/v2.0"
      client_id     = " "
      client_secret = ["canary-secret"]
    }
    role "ops" { groups = ["a"] }
  }
}
