plugin "acme" {
}
