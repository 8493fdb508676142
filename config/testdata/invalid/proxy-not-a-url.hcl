relay {
  http {
    proxy = "canary-proxy:3128"
  }
}
