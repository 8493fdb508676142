locals {
  token   = "CANARY-LITERAL"
  number  = parseint(env("CANARY"), 10)
  hidden  = env("CANARY")
  keyed   = { secret = "CANARY-LITERAL", title = "fine" }
  feed    = "CANARY-LITERAL"
}

connector "kitchen" "sink" {
  token  = parseint(local.hidden, 10)
  tokens = [local.feed, 1, [2]]
  level  = local.hidden
  count  = local.keyed.secret
  route {
    when = parseint(local.hidden, 10) == 1
    to   = []
  }
}
