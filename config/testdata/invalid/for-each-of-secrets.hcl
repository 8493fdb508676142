channel "a" {
  for_each = toset([env("CANARY")])
  type     = "inbox"
}
channel "b" {
  for_each = toset(split(",", file("secrets/canary")))
  type     = "inbox"
}
channel "c" {
  for_each = { (env("CANARY")) = 1 }
  type     = "inbox"
}
