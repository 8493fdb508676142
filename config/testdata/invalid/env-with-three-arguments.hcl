relay {
  public_url = env("A", "b", "c")
}
