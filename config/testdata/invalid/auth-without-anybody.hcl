dashboard {
  auth {
    session = "1y"
  }
}
