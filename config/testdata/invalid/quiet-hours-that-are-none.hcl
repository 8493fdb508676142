channel "a" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  quiet {
    from     = "24:00"
    to       = "7:00"
    timezone = "Europe/Berlim"
    days     = ["sat", "sunday"]
  }
}

channel "b" {
  type = "teams"
  url  = env("RELEASES_WEBHOOK_URL")
  quiet {
    from = "22:00"
  }
  quiet {
    from = "22:00"
    to   = "07:00"
  }
}

relay {
  ops = channel.a
}
