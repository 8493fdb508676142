channel "lobby" {
  type = "inbox"
}

relay {
  ops = channel.lobby
}
