plugin "acme" {
  path = "secrets/group-url"
}
