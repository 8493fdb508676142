channel "lobby" {
  type = "inbox"
}

relay {
  ops = "lobby"
}
