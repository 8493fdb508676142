channel "team" {
  for_each = { red = "4/s", blue = "x/s", green = "x/s", black = "x/s", white = "x/s", grey = "y" }
  type     = "office365"
  url      = "https://example.com/${each.key}"
  rate     = each.value
  burs     = 3
}
connector "kitchen" "sink" {
  for_each = toset(["a", "b"])
  token    = "CANARY-LIT-${each.key}"
  count    = each.key
  route { to = [channel.team[each.key]] }
}
connector "rss" "none" {
  for_each = toset([])
  route {}
}
moved {
  from = channel.team["red"]
  to   = channel.lobby
}
