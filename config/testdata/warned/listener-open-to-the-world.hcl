relay {
  listen     = "0.0.0.0:8080"
  public_url = "http://relay.example.com"
}
