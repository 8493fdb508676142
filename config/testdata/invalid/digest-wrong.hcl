channel "a" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  digest {
    after   = "soon"
    most    = 1
    enabled = "perhaps"
  }
}

channel "b" {
  type = "webhook"
  url  = env("RELEASES_WEBHOOK_URL")
  digest {
    after = "1m"
    most  = 1000
  }
}

relay {
  ops = channel.a
}
