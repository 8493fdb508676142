relay {
  http {
    ca_file = "nowhere.pem"
  }
}
