relay {
  store = "mysql://relay:canary-password@db/relay"
}
