connector "kitchen" "sink" {
  token = "canary-literal-1
}
