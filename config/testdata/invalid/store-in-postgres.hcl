relay {
  store = "postgres://relay:canary-password@db/relay"
}
