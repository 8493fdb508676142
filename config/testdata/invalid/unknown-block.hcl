chanel "lobby" {
  type = "inbox"
}
