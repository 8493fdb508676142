channel "release" { type = "inbox" }

moved {
  from = channel.old
  to   = channel.releases
}

moved {
  from = connector.ci
  to   = connector.build
}
