package channel

import (
	"bytes"
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
	// Interchangeable says that the payloads go to one kind of address, of which nobody
	// can see which payload it wants.
	Interchangeable bool
	// NeedsURL says that cards leave by HTTP.
	NeedsURL bool
	// TakesSecret says that requests can be signed.
	TakesSecret bool
	// TakesAnswer says that a person writes what the endpoint answers, and so can say
	// what of it means success.
	TakesAnswer bool
	// Threads says that cards which belong together can be kept together.
	Threads bool
	// Rate is how many cards a second such an endpoint is good for when the
	// configuration does not say, and Burst how many at once; 0 means any number.
	Rate  float64
	Burst int

	// forms stand in the order of Payloads.
	forms []form
}

// form is one way to hand a card to an endpoint.
type form struct {
	// format makes the format; it is asked once for each URL that a channel has.
	format func(format.Settings) format.Format
	// read reads an answer. It is pure. Only what the chat system is known to say when
	// it has taken a card is success; the tables in its test say from where.
	read func(answer) reading
	// own says that the endpoint is an application of the operator's, which may answer
	// errors with web pages; a chat system does not.
	own bool
	// address makes the address of the requests of the URL as configured, and may
	// find settings in it; nil means that it is the URL.
	address func(text string, s Spec, settings *format.Settings) (string, error)
	// header returns the headers of the form's own; nil means none.
	header func(s Spec, d delivery.Delivery, body []byte, now time.Time) (http.Header, error)
	// named says that the request is a PUT to an address that ends in the delivery's
	// own name, so that a repeat is known as one.
	named bool
	// needs are the settings without which there is no request.
	needs []string
}

func plain(f func() format.Format) func(format.Settings) format.Format {
	return func(format.Settings) format.Format { return f() }
}

// Types returns the channel types there are.
func Types() []Type {
	return []Type{
		{
			Name: "office365", NeedsURL: true, forms: []form{{format: plain(format.Office365), read: readOffice365}},
			// Within the two short windows of Microsoft's, 4 in a second and 60 in half a
			// minute; the longer ones are left to throttling:
			// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
			Rate: 1.9, Burst: 2,
		},
		{
			Name: "teams", NeedsURL: true, Payloads: []string{"message", "card", "connector-card"}, Interchangeable: true, TakesAnswer: true,
			forms: []form{
				{format: func(s format.Settings) format.Format { return format.Teams(s, true) }, read: readTeams},
				{format: func(s format.Settings) format.Format { return format.Teams(s, false) }, read: readTeams},
				{format: plain(format.TeamsConnectorCard), read: readTeams},
			},
			// At most 60 in a minute: the Teams connector inside of a flow allows 100
			// calls, and a post may take more than one (powerapps-docs#1304).
			Rate: 0.9, Burst: 4,
		},
		{
			Name: "slack", NeedsURL: true, forms: []form{{format: plain(format.Slack), read: readSlack}},
			// https://docs.slack.dev/apis/web-api/rate-limits: one a second, with short bursts.
			Rate: 1, Burst: 3,
		},
		{
			// The rate is the server's to set, and off unless it does.
			Name: "mattermost", NeedsURL: true, forms: []form{{format: plain(format.Mattermost), read: readMattermost}}, Rate: 5, Burst: 10,
		},
		{
			Name: "rocketchat", NeedsURL: true, forms: []form{{format: plain(format.RocketChat), read: readRocketChat}}, Rate: 1, Burst: 5,
		},
		{
			Name: "discord", NeedsURL: true, forms: []form{{format: plain(format.Discord), read: readDiscord, address: awaited}},
			// What it allows stands in every answer; this is what it has allowed for years.
			Rate: 0.5, Burst: 5,
		},
		{
			Name: "googlechat", NeedsURL: true, Threads: true, forms: []form{{format: plain(format.GoogleChat), read: readGoogleChat, address: threaded}},
			// https://developers.google.com/workspace/chat/limits: one a second for a space,
			// shared by all that post there.
			Rate: 0.9, Burst: 1,
		},
		{
			Name: "webex", NeedsURL: true, forms: []form{{format: plain(format.Webex), read: readWebex}}, Rate: 1, Burst: 5,
		},
		{
			Name: "zulip", NeedsURL: true, Threads: true,
			forms: []form{{format: format.Zulip, read: readZulip, address: under("api/v1/messages"), header: basic, needs: []string{"user", "token", "to"}}},
			// https://zulip.com/api/rest-error-handling: 200 requests a minute.
			Rate: 3, Burst: 20,
		},
		{
			Name: "matrix", NeedsURL: true, Payloads: []string{"hookshot", "event"},
			forms: []form{
				{format: plain(format.Hookshot), read: readHookshot},
				{format: plain(format.Matrix), read: readMatrix, address: room, header: bearer, named: true, needs: []string{"token", "to"}},
			},
			Rate: 1, Burst: 10,
		},
		{
			Name: "ntfy", NeedsURL: true, forms: []form{{format: format.Ntfy, read: readNtfy, address: topic, header: bearer}},
			// https://docs.ntfy.sh/publish/#limitations: 60 at once, one more every five seconds.
			Rate: 0.2, Burst: 60,
		},
		{
			Name: "webhook", NeedsURL: true, TakesSecret: true, TakesAnswer: true,
			forms: []form{{format: plain(format.Webhook), read: readWebhook, header: signWebhook, own: true}},
		},
		// The store is the inbox: what is delivered to it is read on the dashboard.
		{Name: "inbox", forms: []form{{format: plain(format.Webhook)}}},
	}
}

// form returns the form that a payload's name means.
func (t Type) form(payload string) (form, error) {
	if payload == "" {
		return t.forms[0], nil
	}
	i := slices.Index(t.Payloads, payload)
	switch {
	case i >= 0:
		return t.forms[i], nil
	case len(t.Payloads) == 0:
		return form{}, fmt.Errorf("channel type %s has one payload only; %q is none", t.Name, payload)
	}
	return form{}, fmt.Errorf("payload %q is unknown; channel type %s has %s", payload, t.Name, strings.Join(t.Payloads, ", "))
}

// judge reads an answer, with what the channel itself says that success is.
func (f form) judge(a answer, success string) reading {
	if a.ok() && success != "" && bytes.Contains(a.body, []byte(success)) {
		return a.is(delivery.VerdictDelivered)
	}
	r := f.read(a)
	if r.Verdict == delivery.VerdictRejected && !r.tooLarge && !f.own && a.page() {
		return a.because(delivery.VerdictRefused, "something answers with a web page in place of the chat system")
	}
	return r
}

// check reports a setting that the form cannot do without.
func (f form) check(s Spec) error {
	has := map[string]bool{"user": s.User != "", "token": !s.Token.IsZero(), "to": s.To != ""}
	for _, name := range f.needs {
		if !has[name] {
			return fmt.Errorf("a channel of type %s needs %s", s.Type, name)
		}
	}
	return nil
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
