relay {
  trusted_proxies = ["10.0.0.0/8", "the proxy"]
  hooks {
    max_body    = "1GB"
    rate        = "fast"
    concurrency = 0
    burts       = 3
  }
}

channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  hooks {
    max_body = "1 million"
    burst    = 2
  }
  route { to = [channel.lobby] }
}

connector "webhook" "ci-too" {
  hooks {
    max_body = "100"
  }
  hooks {}
  route { to = [channel.lobby] }
}
