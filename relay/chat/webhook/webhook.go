// Package webhook is any application of the operator's own that accepts Connector Cards.
package webhook

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/connectorcard"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// secretName is the setting whose value signs requests.
const secretName = "secret"

// System returns applications of the operator's own. They get the Connector Card as it
// came, but for mentions, which only the relay understands: they are names.
func System() chat.System {
	form := connectorcard.Form(connectorcard.Whole(), true, size.Limits{
		size.Bytes.AtMost(1<<20, "what web servers take by default; nginx's client_max_body_size is 1 MB"),
		size.AddressLength.AtMost(64_000, "none documented; a longer one would crowd out the card"),
	})
	form.Own, form.Read, form.Header, form.Application = asItCame(), read, sign, true
	return chat.System{
		Name: "webhook", Summary: "An application of your own, which gets the Connector Card as JSON, signed as Standard Webhooks do.",
		Settings: []chat.Setting{
			chat.URL(),
			{
				Name: secretName, Kind: chat.Text, Secret: true, Doc: "the key that signs requests",
				NotEmpty:  "so that anybody could sign requests",
				Elsewhere: "Requests of a channel of type %s are not signed; only type webhook's are. Remove the attribute secret.",
			},
			chat.Answer(),
		},
		Forms: []chat.Form{form},
	}
}

// asItCame writes a card as it came. Mentions become names.
func asItCame() func(card.Card) ([]byte, bool) {
	mention := regexp.MustCompile(`\[((?:[^\[\]\\]|\\.)*)\]\(` + card.MentionScheme + `[^)\s]*\)`)
	return func(c card.Card) ([]byte, bool) {
		c.Adaptive = nil
		body, err := c.MarshalJSON()
		if err == nil && bytes.Contains(body, []byte("]("+card.MentionScheme)) {
			c = c.Clone()
			draft.EachText(&c, func(s *string, _ draft.Part) { *s = mention.ReplaceAllString(*s, "$1") })
			body, err = c.MarshalJSON()
		}
		return body, err == nil
	}
}

// base64Prefix marks a Standard Webhooks secret that is written in base64.
const base64Prefix = "whsec_"

// sign names the delivery, so that the receiver can drop a repeat, and
// signs it when there is a secret, as https://www.standardwebhooks.com says. A
// secret that begins with "whsec_" is base64, any other one is its own bytes.
func sign(r chat.Request) (http.Header, error) {
	h := make(http.Header, 5)
	h.Set(standardwebhooks.HeaderWebhookID, r.ID)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(r.At.Unix(), 10))
	secret := r.Settings[secretName]
	if secret.IsZero() {
		return h, nil
	}
	key, err := secret.Reveal()
	if err != nil {
		return nil, fmt.Errorf("the channel's secret: %w", err)
	}
	var signer *standardwebhooks.Webhook
	if strings.HasPrefix(key, base64Prefix) {
		signer, err = standardwebhooks.NewWebhook(key)
	} else {
		signer, err = standardwebhooks.NewWebhookRaw([]byte(key))
	}
	if err != nil || key == "" {
		return nil, fmt.Errorf("the channel's secret is not a signing key: after %q it must be base64, and it must not be empty", base64Prefix)
	}
	signature, err := signer.Sign(r.ID, r.At, r.Body)
	if err != nil {
		return nil, fmt.Errorf("sign the request: %w", err)
	}
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return h, nil
}

// read reads the answer of the operator's own application by its status, as
// https://www.standardwebhooks.com says, unless it says no in so many words, or is
// a page: that comes from a sign-in, a portal or a proxy in front of the application.
func read(a answer.Answer) answer.Reading {
	switch {
	case !a.OK():
		return a.ByStatus()
	case a.Page():
		return a.Because(delivery.VerdictRefused, "something answers with a web page instead of the application; if the application does, "+
			"set the channel's answer to a part of the page")
	case !a.Complete && a.HTML():
		return a.Because(delivery.VerdictUnknown, "the answer broke off")
	case a.Claims() == answer.No:
		return a.SaysNo()
	}
	return a.Is(delivery.VerdictDelivered)
}
