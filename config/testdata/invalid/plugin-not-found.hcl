plugin "acme" {
  path = "./bin/nowhere"
}
