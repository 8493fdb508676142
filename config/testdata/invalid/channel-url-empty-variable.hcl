channel "releases" {
  type = "teams"
  url  = env("EMPTY")
}

relay {
  ops = channel.releases
}
