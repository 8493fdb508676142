dashboard {
  listen     = "127.0.0.1:8081"
  public_url = "https://relay.example.com"
}
