channel "releases" {
  type   = "webhook"
  url    = env("NOT_SET_URL")
  secret = "${env("NOT_SET_A")}${env("NOT_SET_B")}"
}

relay {
  ops = channel.releases
}
