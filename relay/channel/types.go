package channel

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/format"
)

// Type is a kind of chat endpoint.
type Type struct {
	Name string
	// Payloads are the forms in which the type can be given a card, the usual one
	// first; none means that there is one only.
	Payloads []string
	// NeedsURL says that cards leave by HTTP.
	NeedsURL bool
	// TakesSecret says that requests can be signed.
	TakesSecret bool
	// Rate is how many cards a second such an endpoint is good for when the
	// configuration does not say, and Burst how many at once; 0 means any number.
	Rate  float64
	Burst int

	// formats stand in the order of Payloads.
	formats []format.Format
	// read judges an answer. It is pure.
	read func(answer) reading
	// sign returns the headers of the type's own; nil means none.
	sign func(s Spec, d delivery.Delivery, body []byte, now time.Time) (http.Header, error)
}

// Types returns the channel types there are.
func Types() []Type {
	return []Type{
		{
			Name: "office365", NeedsURL: true, formats: []format.Format{format.Office365()}, read: readOffice365,
			// Within the two short windows of Microsoft's, 4 in a second and 60 in half a
			// minute; the longer ones are left to throttling:
			// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
			Rate: 1.9, Burst: 2,
		},
		{
			Name: "teams", NeedsURL: true, Payloads: []string{"message", "card", "connector-card"},
			formats: []format.Format{format.TeamsMessage(), format.TeamsCard(), format.TeamsConnectorCard()}, read: readTeams,
			// At most 60 in a minute: the Teams connector inside of a flow allows 100
			// calls, and a post may take more than one (powerapps-docs#1304).
			Rate: 0.9, Burst: 4,
		},
		{
			Name: "webhook", NeedsURL: true, TakesSecret: true,
			formats: []format.Format{format.Webhook()}, read: readWebhook, sign: signWebhook,
		},
		// The store is the inbox: what is delivered to it is read on the dashboard.
		{Name: "inbox", formats: []format.Format{format.Webhook()}},
	}
}

// format returns the format that a payload's name means.
func (t Type) format(payload string) (format.Format, error) {
	if payload == "" {
		return t.formats[0], nil
	}
	i := slices.Index(t.Payloads, payload)
	switch {
	case i >= 0:
		return t.formats[i], nil
	case len(t.Payloads) == 0:
		return format.Format{}, fmt.Errorf("channel type %s has one payload only; %q is none", t.Name, payload)
	}
	return format.Format{}, fmt.Errorf("payload %q is unknown; channel type %s has %s", payload, t.Name, strings.Join(t.Payloads, ", "))
}

func (t Type) headers(s Spec, d delivery.Delivery, body []byte, now time.Time) (http.Header, error) {
	if t.sign == nil {
		return make(http.Header, 2), nil
	}
	return t.sign(s, d, body, now)
}

// base64Prefix marks a Standard Webhooks secret that is written in base64.
const base64Prefix = "whsec_"

// signWebhook names the delivery, so that the receiver can drop a repeat, and
// signs it when there is a secret, as https://www.standardwebhooks.com says. A
// secret that begins with "whsec_" is base64, any other one is its own bytes.
func signWebhook(s Spec, d delivery.Delivery, body []byte, now time.Time) (http.Header, error) {
	id := deliveryID(d)
	h := make(http.Header, 5)
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	if s.Secret.IsZero() {
		return h, nil
	}
	key, err := s.Secret.Reveal()
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
		return nil, fmt.Errorf("the channel's secret is no signing key: after %q it must be base64, and it must not be empty", base64Prefix)
	}
	signature, err := signer.Sign(id, now, body)
	if err != nil {
		return nil, fmt.Errorf("sign the request: %w", err)
	}
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return h, nil
}

// deliveryID is the same at each attempt, also after a replay, and different for
// every event and channel.
func deliveryID(d delivery.Delivery) string {
	key := d.Key
	if key == "" {
		key = strconv.FormatInt(d.Event, 10)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{d.Channel, d.Connector, key}, "\x00")))
	return "card_" + hex.EncodeToString(sum[:16])
}
