channel "new" { type = "inbox" }

moved {
  from = "old"
  to   = channel.new.url
}
