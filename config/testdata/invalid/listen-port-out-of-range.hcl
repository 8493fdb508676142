relay {
  listen = "127.0.0.1:80800"
}
