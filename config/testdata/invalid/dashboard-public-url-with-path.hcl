dashboard {
  public_url = "https://relay.example.com/relay"
}
