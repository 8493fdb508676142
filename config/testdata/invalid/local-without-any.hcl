connector "webhook" "ci" {
  title = local.title
  image = each.value
  route { to = [] }
}
