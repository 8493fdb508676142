relay {
  retention     = "30 days"
  drain_timeout = 30
}
