relay {
  public_url = enb("PUBLIC_URL")
  store      = concatenate("a", "b")
}
