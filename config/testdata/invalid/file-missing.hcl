channel "releases" {
  type = "teams"
  url  = file("secrets/nowhere")
}

relay {
  ops = channel.releases
}
