channel "releases" {
  type = "teams"
  url  = file("secrets")
}

relay {
  ops = channel.releases
}
