relay {
  public_url = [for part in split("-", env("CANARY")) : part.nothing][0]
  store      = tonumber(env("CANARY"))
  plugin_dir = { a = 1 }[env("CANARY")]
  log        = env("CANARY")
  retention  = env("CANARY")
  listen     = env("CANARY")
  http {
    proxy   = env("CANARY")
    ca_file = env("CANARY")
    allow   = [env("CANARY")]
  }
}

channel "a" {
  type    = env("CANARY")
  url     = jsondecode(env("CANARY"))
  payload = file(env("CANARY"))
  rate    = env("CANARY")
}

channel "b" {
  type    = "teams"
  url     = "${env("CANARY")} ${upper("canary-literal")}"
  payload = env("CANARY")
}

connector "kitchen" "sink" {
  schedule = env("CANARY")
  timeout  = file("secrets/canary")
  token    = jsondecode("canary-literal")
  level    = env("CANARY")
  numbers  = { a = env("CANARY") }
  tokn     = "canary-mistyped"

  route {
    to   = [env("CANARY")]
    when = regex("(oops", env("CANARY"))
    card {
      title = base64decode(env("CANARY"))
    }
  }
}

plugin "acme" {
  path   = env("CANARY")
  sha256 = env("CANARY")
  env    = { A = env("CANARY"), "B ${env("CANARY")}" = "x" }
}
