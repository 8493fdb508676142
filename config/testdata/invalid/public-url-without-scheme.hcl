relay {
  public_url = "relay.example.com"
}
