relay {
  disk {
    min_free  = "plenty"
    max_store = "1KB"
    most      = "1GB"
  }
}
