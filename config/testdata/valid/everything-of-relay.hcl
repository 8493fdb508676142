relay {
  listen        = "[::1]:0"
  public_url    = "https://relay.example.com/base/"
  store         = "data/relay.db"
  plugin_dir    = "more-plugins"
  log           = "debug"
  retention     = "1d12h"
  drain_timeout = "5s"
  ops           = channel[lower("LOBBY")]
  disk {
    min_free  = "1GB"
    max_store = "0.5TB"
  }
  http {
    proxy       = "socks5://127.0.0.1:1080"
    ca_file     = null
    client_cert = "tls/client.pem"
    client_key  = "tls/client.key"
    min_tls     = 1.3
    allow       = ["10.1.2.3/8", "192.0.2.7"]
    proxy_dns   = true
  }
}

dashboard {
  listen = "localhost:0"
}

metrics {
  listen = "10.0.0.5:9090"
}

channel "lobby" {
  type = "inbox"
}
