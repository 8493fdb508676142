channel "the lobby" {
  type = "inbox"
}

channel "" {
  type = "inbox"
}
