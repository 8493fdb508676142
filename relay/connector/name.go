package connector

import (
	"net/http"
	"strings"
)

// RequestName is the sender's own name for a request, by which a repeat is known: the
// header that has it, in small letters, and its value. The header is empty when there is
// none. A name that is not exclusive may come with another body, which makes another
// event: some services give related deliveries one name, or promise nothing.
func RequestName(h http.Header) (header, value string, exclusive bool) {
	for i, name := range nameHeaders() {
		if v := strings.TrimSpace(h.Get(name)); v != "" {
			return strings.ToLower(name), v, i < exclusiveHeaders
		}
	}
	return "", "", false
}

// exclusiveHeaders is how many of the headers are made for this: Standard Webhooks'
// identifier, and the IETF's draft on idempotency keys.
const exclusiveHeaders = 2

// nameHeaders are the headers in which services name what they deliver, the same at each
// attempt. What proxies write is not among them, nor what names a subscription.
func nameHeaders() []string {
	return []string{
		"Webhook-Id",
		"Idempotency-Key",
		"Svix-Id",
		"Ce-Id",            // CloudEvents
		"X-Gitea-Delivery", // before GitHub's, which Gitea sends as well
		"X-Forgejo-Delivery",
		"X-Gogs-Delivery",
		"X-GitHub-Delivery",
		"X-Gitlab-Event-UUID",            // one for a push and the pipeline that it starts
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
