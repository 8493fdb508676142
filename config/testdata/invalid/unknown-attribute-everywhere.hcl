relay {
  listn = "127.0.0.1:8080"
  http {
    ca = "x.pem"
  }
}

dashboard {
  lisen = "127.0.0.1:8081"
}

channel "lobby" {
  type = "inbox"
  ulr  = "https://example.com/canary-mistyped"
  retry {
    frist = "1s"
  }
}

plugin "acme" {
  path   = "./bin/relay-plugin-acme"
  sha265 = "00"
}

connector "rss" "blog" {
  url    = "https://go.dev/blog/feed.atom"
  initail = 3

  route {
    to   = [channel.lobby]
    wehn = true
    card {
      titel = "x"
      section {
        activty_title = "x"
      }
    }
  }
}
