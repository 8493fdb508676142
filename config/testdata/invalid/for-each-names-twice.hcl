channel "team-red" { type = "inbox" }
channel "team" {
  for_each = toset(["red", "red-hot"])
  type     = "inbox"
}
channel "team-red-hot" { type = "inbox" }
channel "team" { type = "inbox" }
