plugin "acme" {
  path = "./bin/relay-plugin-acme"
  env  = ["A=b"]
}
