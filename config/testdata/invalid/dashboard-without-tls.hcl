dashboard {
  listen = "0.0.0.0:8081"
  auth {
    user "ada@example.com" { password = "$argon2id$v=19$m=65536,t=3,p=4$Y2FuYXJ5Y2FuYXJ5$Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2E" }
    role "ops" { members = ["ada@example.com"] }
  }
}
