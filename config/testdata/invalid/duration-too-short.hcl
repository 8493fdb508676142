relay {
  retention = "1s"
}
