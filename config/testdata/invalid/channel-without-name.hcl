channel {
  type = "inbox"
}
