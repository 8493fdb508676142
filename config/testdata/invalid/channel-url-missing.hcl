channel "releases" {
  type = "teams"
}

relay {
  ops = channel.releases
}
