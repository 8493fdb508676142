channel "releases" {
  type = "pigeon"
}

relay {
  ops = channel.releases
}
