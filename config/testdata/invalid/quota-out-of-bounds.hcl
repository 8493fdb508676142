channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  quota {
    events_per_hour = 0
    event_bytes     = "1GB"
    events_per_day  = 5
  }
  route { to = [channel.lobby] }
}
