locals {
  teams = {
    red  = { url = env("RELEASES_WEBHOOK_URL"), people = ["lead@example.com"] }
    blue = { url = file("secrets/group-url"), people = ["dev@example.com"] }
  }
  kinds = ["release", local.push]
}

locals {
  push       = "push"
  everywhere = concat(values(channel.team), [channel.lobby])
  token      = env("GITHUB_TOKEN")
}

relay { ops = channel.team["red"] }

team "red" { members = local.teams.red.people }

channel "lobby" { type = "inbox" }

channel "team" {
  for_each = local.teams
  type     = "office365"
  url      = each.value.url
  team     = each.key == "red" ? team.red : null
}

channel "nobody" {
  for_each = toset([])
  type     = "inbox"
}

connector "github" "repository" {
  for_each   = toset(["relay", "docs"])
  repository = "acme/${each.key}"
  token      = local.token
  route {
    when = contains(local.kinds, event.kind) && event.data.name != each.value
    to   = local.everywhere
    card { title = "${each.key}: ${event.card.title}" }
  }
}

connector "webhook" "build" {
  for_each = channel.team
  title    = "Builds of ${each.key}"
  route { to = [each.value] }
}

connector "webhook" "chat" {
  for_each = local.teams
  route { to = [channel.team[each.key]] }
}

moved {
  from = channel.red
  to   = channel.team["red"]
}
moved {
  from = connector.repository["site"]
  to   = connector.repository["docs"]
}
