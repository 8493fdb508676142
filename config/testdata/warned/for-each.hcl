locals {
  cards = [for n in range(6) : channel.spare["n${n}"]]
}
channel "team" {
  for_each = toset(["red", "blue"])
  type     = "inbox"
}
channel "spare" {
  for_each = toset([for n in range(6) : "n${n}"])
  type     = "inbox"
}
connector "github" "repository" {
  for_each   = { a = "relase", b = "relase", c = "push" }
  repository = "acme/a"
  route {
    when = event.kind == each.value
    to   = [channel.team["red"]]
  }
}
