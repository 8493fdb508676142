# chmod 644
channel "releases" {
  type   = "webhook"
  url    = "https://example.com/canary-url"
  secret = "canary-secret"
}

relay {
  ops = channel.releases
  http {
    proxy = "http://user:canary-password@proxy:3128"
  }
}

connector "kitchen" "sink" {
  token = "canary-token"

  route {
    to = [channel.releases]
  }
}
