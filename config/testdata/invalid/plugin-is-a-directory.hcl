plugin "acme" {
  path = "bin"
}
