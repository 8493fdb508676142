relay {
  log = "info"
  log = "warn"
}
