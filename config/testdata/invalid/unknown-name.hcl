channel "lobby" {
  type = "inbox"
}

relay {
  log = info
  ops = chanel.lobby
}
