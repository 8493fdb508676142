channel "new" { type = "inbox" }

moved {
  from = channel.old
}
