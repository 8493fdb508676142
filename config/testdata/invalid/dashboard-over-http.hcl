dashboard {
  public_url = "http://relay.example.com"
}
