channel "lobby" {
  type = "inbox"
}

connector "kitchen" "sink" {
  token   = env("CANARY")
  count   = "three"
  names   = "a"
  numbers = { a = "x" }
  on      = []
  object  = { nmae = "x" }

  route {
    to = [channel.lobby]
  }
}
