channel "new" { type = "inbox" }
channel "other" { type = "inbox" }

moved {
  from = channel.old
  to   = channel.new
}

moved {
  from = channel.old
  to   = channel.other
}
