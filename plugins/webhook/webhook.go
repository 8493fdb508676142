// Package webhook is the incoming webhook: a unique URL to which an application posts
// cards. It takes the payloads and gives the answers of the retired Teams connectors,
// of Workflows and of Slack, so that an application changes only its URL.
//
// A request is opened (body.go; json.go mends careless JSON, xml.go and form.go read the
// rest) and its dialect recognised (dialect.go). A file for each dialect makes cards of it:
// messagecard.go, adaptive.go, slack.go, botcard.go; repair.go removes from a card what
// nobody could show. answer.go says what senders are told.
package webhook

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// The values of accept; all but the first two are also event kinds.
const (
	acceptAny      = "any"
	acceptJSON     = "json"
	acceptCard     = "card"
	acceptAdaptive = "adaptive"
	acceptSlack    = "slack"
)

// The event kinds that accept does not name, of content other than JSON.
const (
	kindText = "text"
	kindForm = "form"
	kindXML  = "xml"
)

// Webhook is one incoming webhook.
type Webhook struct {
	Title           string   `relay:"title" doc:"The sender's name above each card."`
	Image           string   `relay:"image" doc:"The http or https address of a picture beside that name."`
	Accept          string   `relay:"accept" default:"any" allowed:"any,card,adaptive,slack,json" doc:"What may be posted: any card, whose kind is recognised (any); only Connector Cards and texts (card), Adaptive Cards (adaptive), or Slack payloads, whose bare text is then mrkdwn (slack); or any JSON, text, form or XML, from whose event.data a route builds the card, with the request's details in event.data.request (json)."`
	Answer          string   `relay:"answer" default:"auto" allowed:"auto,card,adaptive,slack" doc:"How requests are answered: as the service whose payload was posted would (auto), or always as the retired connectors with 200 and 1 (card), as Workflows with 202 (adaptive), or as Slack with 200 and ok (slack)."`
	Secret          string   `relay:"secret,secret" doc:"If set, each request must be signed with it."`
	Signature       string   `relay:"signature" default:"standard-webhooks" allowed:"standard-webhooks,hmac-sha256" doc:"How requests are signed: by www.standardwebhooks.com, or with the HMAC-SHA256 of the body in a header."`
	SignatureHeader string   `relay:"signature_header" default:"X-Hub-Signature-256" doc:"For hmac-sha256, the header with the signature, in hexadecimal or base64, with or without a prefix such as sha256=."`
	Allow           []string `relay:"allow" doc:"The addresses and networks that may post, such as 192.0.2.7 or 2001:db8::/32; by default all."`

	replays replays
}

// longestTitle bounds a sender's name, for every chat system.
const longestTitle = 80

// New returns a connector without arguments.
func New() connector.Connector { return &Webhook{} }

var (
	_ connector.Receiver  = (*Webhook)(nil)
	_ connector.Validator = (*Webhook)(nil)
)

// Describe implements [connector.Connector].
func (h *Webhook) Describe() connector.Description {
	return connector.Description{
		Type: "webhook", Title: "Incoming webhook", Summary: "Takes cards and other payloads that an application posts to a unique URL.",
		Icon:  []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="none" stroke="#4f6bed" stroke-width="2" stroke-linecap="round" d="M12 3v11m0 0-4-4m4 4 4-4M4 16v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3"/></svg>`),
		Kinds: kinds(),
	}
}

// The kinds' samples have no data: event.data is up to the sender.
func kinds() []connector.Kind {
	sample := event.Event{Card: card.Card{
		Title: "Release 1.0", Text: "It is **out**.",
		Sections: []card.Section{{Facts: []card.Fact{{Name: "Tag", Value: "v1.0"}}}},
	}}
	fields := event.Event{Card: card.Card{Title: "Disk is full", Sections: []card.Section{{Facts: []card.Fact{{Name: "host", Value: "web1"}}}}}}
	raw := event.Event{Card: card.Card{Title: "Disk is full", Text: "```\n{\n  \"title\": \"Disk is full\"\n}\n```"}}
	return []connector.Kind{
		{Name: acceptCard, Doc: "A Connector Card, or a text.", Sample: sample},
		{Name: acceptAdaptive, Doc: "An Adaptive Card, bare or in the envelope that Workflows take.", Sample: sample},
		{Name: acceptSlack, Doc: "A payload for Slack's incoming webhooks.", Sample: sample},
		{Name: acceptJSON, Doc: "Any JSON, with accept = \"json\".", Sample: raw},
		{Name: kindText, Doc: "A text, which event.data has as body.", Sample: event.Event{Card: card.Card{Text: "The disk is full."}}},
		{Name: kindForm, Doc: "The fields of a form.", Sample: fields},
		{Name: kindXML, Doc: "XML: in event.data an element is an object of its elements and attributes, which have @ before their names, or a text.", Sample: fields},
	}
}

// Validate implements [connector.Validator].
func (h *Webhook) Validate() []connector.Problem {
	var problems connector.Problems
	problems.If(h.Image != "" && !isWeb(h.Image), "image", "must be an http or https address that the chat system can reach")
	problems.If(utf8.RuneCountInString(h.Title) > longestTitle, "title", fmt.Sprintf("must be at most %d characters", longestTitle))
	for i, a := range h.Allow {
		_, err := network(a)
		problems.If(err != nil, "allow", fmt.Sprintf("element %d must be an address such as 192.0.2.7 or a network such as 192.0.2.0/24", i+1))
	}
	problems.If(h.Signature == signatureHMAC && !httpguts.ValidHeaderFieldName(h.SignatureHeader), "signature_header", "must be the name of a header, such as X-Hub-Signature-256")
	if h.Secret != "" && h.Signature == signatureStandard {
		_, err := standardKey(h.Secret)
		problems.If(err != nil, "secret", "must be a Standard Webhooks secret: whsec_ and 16 bytes or more in base64; for any other secret set signature = \"hmac-sha256\"")
	}
	return problems
}

// Receive implements [connector.Receiver].
func (h *Webhook) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	if !h.allowed(r.Remote) {
		return say(http.StatusForbidden, "This address may not post here."), nil
	}
	switch r.Method {
	case http.MethodPost:
	case http.MethodGet, http.MethodHead:
		return say(http.StatusOK, "This is an incoming webhook: POST a card to it."), nil
	case http.MethodOptions:
		return options(r), nil
	default:
		reply := say(http.StatusMethodNotAllowed, "POST a card.")
		reply.Header.Set("Allow", allowedMethods)
		return reply, nil
	}
	if !h.verified(r) {
		// Saying why would help only those who guess.
		return say(http.StatusUnauthorized, "The request lacks the signature that this webhook requires."), nil
	}
	events, dialect, err := h.read(r)
	if h.Answer != answerAuto && h.Answer != "" {
		dialect = h.Answer
	}
	if err != nil {
		return refused(dialect, err), nil
	}
	if h.Secret != "" && h.Signature == signatureHMAC {
		key := h.replays.key(r.Body, r.Header, time.Now())
		for i := range events {
			events[i].Key = key
			if i > 0 {
				events[i].Key += fmt.Sprintf("#%d", i+1)
			}
		}
	}
	reply := taken(dialect)
	reply.Events = events
	return reply, nil
}

const allowedMethods = "GET, HEAD, OPTIONS, POST"

// say answers with a sentence.
func say(status int, text string) connector.Reply {
	return connector.Reply{
		Status: status, Body: []byte(text),
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
	}
}

// options answers the handshake in which CloudEvents senders ask for permission to post
// (https://github.com/cloudevents/spec, HTTP 1.1 Web Hooks, section 4).
func options(r *connector.Request) connector.Reply {
	reply := connector.Reply{Status: http.StatusOK, Header: http.Header{"Allow": {allowedMethods}}}
	if origin := r.Header.Get("WebHook-Request-Origin"); origin != "" {
		reply.Header.Set("WebHook-Allowed-Origin", origin)
		reply.Header.Set("WebHook-Allowed-Rate", "*")
	}
	return reply
}

// allowed reports whether an address may post.
func (h *Webhook) allowed(remote string) bool {
	if len(h.Allow) == 0 {
		return true
	}
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(h.Allow, func(a string) bool {
		n, err := network(a)
		return err == nil && n.Contains(addr)
	})
}

// network reads an address or a network.
func network(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}
