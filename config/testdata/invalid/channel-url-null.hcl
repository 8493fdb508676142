channel "releases" {
  type = "teams"
  url  = null
}

relay {
  ops = channel.releases
}
