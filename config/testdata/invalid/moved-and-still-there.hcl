channel "old" { type = "inbox" }
channel "new" { type = "inbox" }

moved {
  from = channel.old
  to   = channel.new
}
