channel "inbox" "lobby" {
  type = "inbox"
}
