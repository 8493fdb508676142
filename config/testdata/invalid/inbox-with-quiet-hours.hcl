channel "lobby" {
  type = "inbox"
  quiet {
    from = "22:00"
    to   = "07:00"
  }
  digest {
    most = 10
  }
}
