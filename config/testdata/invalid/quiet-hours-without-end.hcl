channel "a" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  quiet {
    from = "22:00"
    to   = "22:00"
  }
}

channel "b" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  quiet {
    from = "00:00"
    to   = "00:00"
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
  }
}

channel "c" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  quiet {
    from = "22:00"
    to   = "07:00"
    days = []
  }
}

relay {
  ops = channel.a
}
