connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"
}
