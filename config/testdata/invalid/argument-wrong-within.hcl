channel "lobby" {
  type = "inbox"
}

connector "kitchen" "sink" {
  token = env("CANARY")
  objects = [
    { name = "whole" },
    {
      name   = ["a"]
      size   = "large"
      colour = "geren"
    },
    {
      colour = "red",
      sise   = 1
    },
    "no object",
  ]
  keyring = {
    good = "a"
    bad  = ["canary-literal"]
    ugly = {}
  }

  route {
    to = [channel.lobby]
  }
}
