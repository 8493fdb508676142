relay {
  http {
  }
  http {
  }
}
