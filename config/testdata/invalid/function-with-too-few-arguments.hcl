relay {
  store = replace("a", "b")
}
