dashboard {
  auth {
    session = "100d"
    user "ada@example.com" { password = "canary-password" }
    user "ADA@example.com" { password = env("CANARY") }
    user "eve the great" { passwort = "canary-password" }
    user "bob@example.com" { password = "$argon2id$v=19$m=9999999,t=3,p=4$Y2FuYXJ5Y2FuYXJ5$Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5" }
    role "ops" { members = ["ada@example.com", "bob@example.com", "eve the great"] }
  }
}
