// Package webhook is the incoming webhook: a unique URL that an in-house
// application posts cards to, with the payloads and the answers of the retired
// Teams connectors.
package webhook

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// What accept can say.
const (
	acceptCard = "card"
	acceptJSON = "json"
)

// Webhook is one incoming webhook.
type Webhook struct {
	Title           string   `relay:"title" doc:"The name that stands on cards which bring no title of their own."`
	Image           string   `relay:"image" doc:"The address of a picture that stands beside that name."`
	Accept          string   `relay:"accept" default:"card" allowed:"card,json" doc:"What is posted: a card (MessageCard, text, Adaptive Card or Slack payload), or any JSON, whose card a route builds from event.data."`
	Secret          string   `relay:"secret,secret" doc:"When set, a request needs a signature made with it."`
	Signature       string   `relay:"signature" default:"standard-webhooks" allowed:"standard-webhooks,hmac-sha256" doc:"How requests are signed."`
	SignatureHeader string   `relay:"signature_header" default:"X-Hub-Signature-256" doc:"For hmac-sha256, the header with the signature, in hexadecimal or base64, with or without sha256= before it."`
	Allow           []string `relay:"allow" doc:"The addresses and networks that may post; all when empty."`
}

// New returns the factory of the connector type.
func New() func() connector.Connector {
	return func() connector.Connector { return &Webhook{} }
}

// Describe implements [connector.Connector].
func (h *Webhook) Describe() connector.Description {
	return connector.Description{
		Type: "webhook", Title: "Incoming webhook", Summary: "Takes what an application posts to a unique URL.",
		Icon:  []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="none" stroke="#4f6bed" stroke-width="2" stroke-linecap="round" d="M12 3v11m0 0-4-4m4 4 4-4M4 16v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3"/></svg>`),
		Kinds: kinds(),
	}
}

func kinds() []connector.Kind {
	sample := func(kind, title, data string) event.Event {
		return event.Event{Kind: kind, Card: card.Card{Title: title, Text: "It is **out**."}, Data: []byte(data)}
	}
	return []connector.Kind{
		{Name: "card", Doc: "A Connector Card, or a text.", Sample: sample("card", "Release 1.0", `{"title":"Release 1.0","text":"It is **out**."}`)},
		{Name: "adaptive", Doc: "An Adaptive Card, as Workflows take it.", Sample: sample("adaptive", "Release 1.0", `{"type":"AdaptiveCard","body":[{"type":"TextBlock","text":"Release 1.0"}]}`)},
		{Name: "slack", Doc: "A payload for Slack.", Sample: sample("slack", "Release 1.0", `{"text":"Release 1.0","blocks":[]}`)},
		{Name: "json", Doc: "Any JSON, with accept = \"json\".", Sample: sample("json", "Release 1.0", `{"state":"ok"}`)},
	}
}

// Validate implements [connector.Validator].
func (h *Webhook) Validate() []connector.Problem {
	var problems []connector.Problem
	if h.Image != "" {
		if u, err := url.Parse(h.Image); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			problems = append(problems, connector.Problem{Argument: "image", Message: "The picture needs an http or https address."})
		}
	}
	for _, a := range h.Allow {
		if _, err := network(a); err != nil {
			problems = append(problems, connector.Problem{Argument: "allow", Message: fmt.Sprintf("%q is not an address such as 192.0.2.7 or a network such as 192.0.2.0/24.", a)})
		}
	}
	if h.Secret != "" && h.Signature == signatureStandard {
		if _, err := standardKey(h.Secret); err != nil {
			problems = append(problems, connector.Problem{Argument: "secret", Message: "A Standard Webhooks secret is whsec_ and base64; for a secret of another form set signature = \"hmac-sha256\"."})
		}
	}
	return problems
}

// Receive implements [connector.Receiver].
func (h *Webhook) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	if !h.allowed(r.Remote) {
		return say(http.StatusForbidden, "This address may not post here."), nil
	}
	switch r.Method {
	case http.MethodPost, http.MethodPut:
	case http.MethodGet, http.MethodHead:
		return say(http.StatusOK, "This is an incoming webhook: POST a card to it."), nil
	case http.MethodOptions:
		return options(r), nil
	default:
		reply := say(http.StatusMethodNotAllowed, "POST a card.")
		reply.Header.Set("Allow", allowedMethods)
		return reply, nil
	}
	if err := h.verify(r); err != nil {
		return say(http.StatusUnauthorized, err.Error()), nil
	}
	e, err := h.read(r)
	if err != nil {
		return say(http.StatusBadRequest, err.Error()), nil
	}
	e.Key = idempotencyKey(r.Header)
	reply := say(http.StatusOK, "1")
	reply.Events = []event.Event{e}
	return reply, nil
}

const allowedMethods = "GET, HEAD, OPTIONS, POST, PUT"

// say answers with a sentence.
func say(status int, text string) connector.Reply {
	return connector.Reply{
		Status: status, Body: []byte(text),
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
	}
}

// options answers the handshake by which CloudEvents senders ask whether they may
// post (https://github.com/cloudevents/spec, HTTP webhooks, 4.2).
func options(r *connector.Request) connector.Reply {
	reply := say(http.StatusOK, "")
	reply.Header.Set("Allow", allowedMethods)
	if origin := r.Header.Get("WebHook-Request-Origin"); origin != "" {
		reply.Header.Set("WebHook-Allowed-Origin", origin)
		reply.Header.Set("WebHook-Allowed-Rate", "*")
	}
	return reply
}

// idempotencyKey is the sender's own name for the request, by which a repeat is
// known; empty when it has none.
func idempotencyKey(h http.Header) string {
	for _, name := range []string{"Webhook-Id", "Idempotency-Key"} {
		if v := strings.TrimSpace(h.Get(name)); v != "" && len(v) <= 512 {
			return strings.ToLower(name) + ":" + v
		}
	}
	return ""
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
	for _, a := range h.Allow {
		if n, err := network(a); err == nil && n.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
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
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), nil
}
