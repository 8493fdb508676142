channel "new" { type = "inbox" }

moved {
  from = connector.old
  to   = channel.new
}
