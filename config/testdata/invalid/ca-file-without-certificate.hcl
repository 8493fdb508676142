relay {
  http {
    ca_file = "secrets/group-url"
  }
}
