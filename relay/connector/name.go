package connector

import (
	"net/http"
	"strings"
)

// RequestName returns the sender's own name for a request, which identifies a repeat: the
// header that holds it, in lower case, and its value. The header is empty when there is
// none. A name that is not exclusive may come again with another body, which makes
// another event: some services give related deliveries the same name, or promise nothing.
func RequestName(h http.Header) (header, value string, exclusive bool) {
	for i, name := range nameHeaders() {
		if v := strings.TrimSpace(h.Get(name)); v != "" {
			return strings.ToLower(name), v, i < exclusiveHeaders
		}
	}
	return "", "", false
}

// exclusiveHeaders is how many of the headers exist for this purpose: Standard Webhooks'
// identifier, and that of the IETF's draft on idempotency keys.
const exclusiveHeaders = 2

// nameHeaders are the headers in which services name what they deliver, the same at each
// attempt. They leave out headers that proxies write and those that name a subscription.
func nameHeaders() []string {
	return []string{
		"Webhook-Id",
		"Idempotency-Key",
		"Svix-Id",
		"Ce-Id",            // CloudEvents
		"X-Gitea-Delivery", // before GitHub's, because Gitea sends that as well
		"X-Forgejo-Delivery",
		"X-Gogs-Delivery",
		"X-GitHub-Delivery",
		"X-Gitlab-Event-UUID",            // the same for a push and the pipeline that it starts
		"X-Request-UUID",                 // Bitbucket
		"X-Atlassian-Webhook-Identifier", // Jira and Confluence
		"X-Shopify-Webhook-Id",
		"X-WC-Webhook-Delivery-ID", // WooCommerce
		"X-Zendesk-Webhook-Invocation-Id",
		"X-Discourse-Event-Id",
		"Linear-Delivery",
		"I-Twilio-Idempotency-Token",
		"X-Amz-Sns-Message-Id",
	}
}
