channel "releases" {
  type = "teams"
  url  = "https://example.com/canary\nhook"
}

relay {
  ops = channel.releases
}
