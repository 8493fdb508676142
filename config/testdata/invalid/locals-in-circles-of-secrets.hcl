locals {
  a = local.a.b
  c = local.d["x"]
  d = { x = local.c, y = local.e[0] }
  e = [local.d.y]
}

channel "lobby" {
  type   = "webhook"
  url    = local.a
  secret = local.c
}

connector "kitchen" "sink" {
  token  = local.e[0]
  tokens = [local.d.y, "x ${local.a.b.c}"]
  route { to = [channel.lobby] }
}
