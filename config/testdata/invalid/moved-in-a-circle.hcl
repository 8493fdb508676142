channel "lobby" { type = "inbox" }

moved {
  from = channel.a
  to   = channel.b
}

moved {
  from = channel.b
  to   = channel.a
}

moved {
  from = channel.c
  to   = channel.c
}
