plugin "acme" {
  path   = "./bin/relay-plugin-acme"
  sha256 = "0e5751"
}
