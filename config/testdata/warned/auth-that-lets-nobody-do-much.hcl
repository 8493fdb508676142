# chmod 644
dashboard {
  public_url = "https://relay.example.com"
  auth {
    user "ada@example.com" { password = "$argon2id$v=19$m=65536,t=3,p=4$Y2FuYXJ5Y2FuYXJ5$Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2E" }
    user "eve@example.com" { password = env("HASH") }
    role "reader" { groups = ["6f1c"] }
  }
}

team "platform" { members = ["Eve@example.com"] }
