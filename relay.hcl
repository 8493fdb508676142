# The configuration that `go run ./cmd/relay run` starts with. It needs no account
# and no variable: one channel to read on the dashboard, and two connectors.
# The README has the whole language.

channel "lobby" {
  type = "inbox" # kept in the store, read on the dashboard: http://127.0.0.1:8081/
}

# An application posts here; `relay connectors` prints the URL.
connector "webhook" "hello" {
  title = "Hello"

  route {
    to = [channel.lobby]
  }
}

# The Go blog's newest three items now, and each new one when it comes.
connector "rss" "go-blog" {
  schedule = "@every 15m"
  url      = "https://go.dev/blog/feed.atom"
  initial  = 3

  route {
    to = [channel.lobby]
  }
}

relay {
  ops = channel.lobby # where the relay itself speaks up

  http {
    proxy     = env("HTTPS_PROXY", "") # this one variable is used if it is there
    proxy_dns = true                   # and then the proxy looks names up
  }
}
