relay {
  public_url = "https://relay.example.com/?a=b"
}
