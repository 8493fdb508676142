channel "lobby" {
  type = "inbox"
}

relay {
  ops = channel.lobby
}

connector "webhook" "build" {
  route {
    to = [channel.lobby]
  }
}

# A history of names.
moved {
  from = channel.entrance
  to   = channel.hall
}

moved {
  from = channel.hall
  to   = channel.lobby
}

moved {
  from = channel.foyer
  to   = channel.lobby
}

moved {
  from = connector.ci
  to   = connector.build
}
