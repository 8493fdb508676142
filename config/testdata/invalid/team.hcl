team "platform" {
  members = ["lead@example.com"]
}

channel "releases" {
  type = "inbox"
  team = team.platform
}

relay {
  ops = channel.releases
}
