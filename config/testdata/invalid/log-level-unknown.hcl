relay {
  log = "inof"
}
