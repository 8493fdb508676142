receiver "lobby" {
}
