plugin "acme" {
  path   = "./bin/relay-plugin-acme"
  sha256 = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
}
