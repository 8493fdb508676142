channel "releases" {
  type = "teams"
  url  = "canary.example.com/hook"
}

relay {
  ops = channel.releases
}
