channel "lobby" {
  type {
  }
}
