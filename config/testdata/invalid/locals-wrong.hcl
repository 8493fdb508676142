locals {
  a = local.b
  b = "${local.c}!"
  c = upper(local.a)
  d = local.nowhere
  e = event.kind
  f = upper(1, 2)
  inner {}
}

locals {
  d = 1
}

channel "lobby" { type = local.d2 }
channel "foyer" { type = local.f }
connector "webhook" "ci" {
  title = local.a
  route { to = local.f }
}
