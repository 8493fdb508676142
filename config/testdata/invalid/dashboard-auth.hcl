dashboard {
  listen = "127.0.0.1:8081"
  auth {
    password = "canary-password"
  }
}
