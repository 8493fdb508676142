relay {
  ops = channel.lobby
}
