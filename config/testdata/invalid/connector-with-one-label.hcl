connector "rss" {
}
