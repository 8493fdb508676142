plugin "acme" {
  path = "./bin/relay-plugin-acme"
}

plugin "acme" {
  path = "./bin/relay-plugin-acme"
}
