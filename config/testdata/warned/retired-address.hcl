channel "releases" {
  type = "office365"
  url  = "https://contoso.webhook.office.com/webhookb2/canary-literal"
}
channel "older" {
  type = "webhook"
  url  = "https://outlook.office365.com/webhook/canary-literal"
}
channel "flow" {
  type = "teams"
  url  = "https://prod-12.westeurope.logic.azure.com:443/workflows/canary/triggers/manual/paths/invoke?sig=canary-literal"
}
channel "government" {
  type = "teams"
  url  = "https://prod-01.usgovarizona.logic.azure.us/workflows/canary-literal"
}
channel "new" {
  type = "teams"
  url  = "https://default0.00.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/canary-literal"
}
channel "lookalike" {
  type = "teams"
  url  = "https://logic.azure.com.example.com/canary-literal"
}

connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"
  route {
    to = [channel.releases, channel.older, channel.flow, channel.government, channel.new, channel.lookalike]
  }
}
