channel "releases" {
  type = "office365"
  url  = "https://contoso.webhook.office.com/webhookb2/canary-literal"
}

relay {
  ops = channel.releases
}
