channel "a" {
  for_each = ["red", "green"]
  type     = "inbox"
}
channel "b" {
  for_each = toset([1, 2])
  type     = "inbox"
}
channel "c" {
  for_each = null
  type     = "inbox"
}
channel "d" {
  for_each = { "no spaces please" = 1, "" = 2, fine = 3 }
  type     = "inbox"
}
channel "e" {
  for_each = toset([for n in range(1001) : "n${n}"])
  type     = "inbox"
}
channel "f" {
  for_each = 3
  type     = "inbox"
}
connector "webhook" "g" {
  for_each = toset(["a"])
  route { to = [channel.d] }
}
connector "webhook" "h" {
  route { to = channel.d }
}
connector "webhook" "i" {
  for_each = { a = 1 }
  route { to = [channel.d["fin"], channel.d[each.key], "d-fine"] }
}
