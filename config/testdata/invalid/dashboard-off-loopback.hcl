dashboard {
  listen = ":8081"
}
