locals {
  both = [channel.lobby, channel.a]
  names = { for i, c in local.both : "n${i}" => c }
}
channel "lobby" { type = "inbox" }
channel "a" {
  for_each = local.names
  type     = "inbox"
}
