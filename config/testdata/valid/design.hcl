# The configuration language, by example. Every line here must work as it stands,
# except the addresses. `relay validate` on this file says it is valid when the
# environment variables it names are set.

relay {
  listen     = "127.0.0.1:8080"               # incoming webhooks, the only listener the outside needs
  public_url = "https://relay.example.com"    # what the outside calls that listener: hook URLs are built on it
  store      = "relay.db"                     # a file (SQLite), or "postgres://…" when several nodes share the work
  plugin_dir = "plugins.d"                    # executables named relay-plugin-* are found here and on plugin blocks
  log        = "info"                         # zerolog's levels; console writer on a terminal, JSON otherwise
  retention  = "30d"                          # delivered cards and attempts are kept this long; dead letters until dismissed

  ops     = channel.lobby                     # where the relay itself speaks: a source broke, a channel was paused
  http {                                      # every outgoing request; a channel or a connector may override it
    proxy   = env("HTTPS_PROXY", "")
    ca_file = null
    allow   = []                              # private networks a connector may reach; loopback and private are refused otherwise
  }
}

dashboard {
  listen = "127.0.0.1:8081"                   # loopback needs no sign-in; any other address needs an auth block
}

# ---------------------------------------------------------------- channels

channel "lobby" {
  type = "inbox"                              # kept in the store, read on the dashboard
}

channel "releases" {
  type    = "teams"                           # a Power Automate "Workflows" webhook
  url     = env("RELEASES_WEBHOOK_URL")       # a secret: never printed, logged or shown
  payload = "message"                         # which of the flows' contracts: message | card | connector-card
  team    = team.platform

  rate          = "4/s"                       # each type has its own default; throttling by the far side adds to it
  retry {
    first         = "1s"
    longest       = "15m"
    give_up_after = "24h"                     # then the card is a dead letter, and the lane goes on
  }
}

channel "outlook-group" {
  type = "office365"                          # Connector Card (MessageCard) JSON as Office 365 connectors took it
  url  = file("secrets/group-url")            # re-read when it changes: rotation needs no reload
}

channel "dev" {
  type = "webhook"                             # also mattermost, rocketchat, discord, googlechat, webex, zulip, matrix, ntfy, webhook
  url  = env("SLACK_WEBHOOK_URL")
}

team "platform" {
  members = ["lead@example.com", "dev@example.com"]   # a connector whose owner leaves the team stops posting to its channels
}

# -------------------------------------------------------------- connectors
# The first label is the connector's type, the second its name. The relay's own
# arguments (schedule, owner, timeout, max_silence, enabled, http, route) are
# reserved words; all others belong to the plugin, which declares their schema.

connector "rss" "go-blog" {
  schedule    = "@every 15m"                  # robfig/cron: five fields, or a descriptor
  max_silence = "30d"                         # the ops channel hears of it when nothing came for longer
  url         = "https://go.dev/blog/feed.atom"

  route {
    to = [channel.lobby, channel.releases]
  }
}

connector "github" "relay" {
  owner      = "lead@example.com"
  repository = "acme/relay"
  token      = env("GITHUB_TOKEN")
  secret     = env("GITHUB_WEBHOOK_SECRET")   # then GitHub may push too, and polling only fills the gaps

  route {
    when = event.kind == "release" && !event.data.release.prerelease
    to   = [channel.releases]
    card {                                    # overrides; anything not named stays as the connector made it
      theme_color = "2DA44E"
      title       = "Shipped: ${event.card.title}"
      fact "Tag" { value = event.data.release.tag_name }
    }
  }

  route {
    when = contains(["push", "pull_request"], event.kind)
    to   = [channel.dev]
  }
}

connector "webhook" "ci" {                    # an incoming webhook: its unique URL is printed by `relay connectors`
  title = "Build server"
  image = "https://ci.example.com/logo.png"

  route {
    to = [channel.dev]
  }
}

connector "webhook" "grafana" {
  accept = "json"                             # any JSON: the card is built here, from event.data

  route {
    to = [channel.lobby]
    card {
      title = event.data.title
      text  = event.data.message
      dynamic "fact" {
        for_each = event.data.alerts
        labels   = [fact.value.labels.alertname]
        content { value = fact.value.status }
      }
      action "Open" { url = event.data.externalURL }
    }
  }
}

plugin "acme" {                               # a third-party plugin, pinned
  path   = "./bin/relay-plugin-acme"
  sha256 = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
  env    = { ACME_REGION = "eu" }             # nothing else of the relay's environment reaches a plugin
}
