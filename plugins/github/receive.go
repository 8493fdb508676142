package github

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// Receive implements [connector.Receiver]: a webhook delivery.
func (g *GitHub) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	if r.Method != http.MethodPost {
		return connector.Say(http.StatusMethodNotAllowed, "This is the address of a GitHub webhook; it takes POST."), nil
	}
	if g.Secret == "" {
		return connector.Say(http.StatusForbidden, "The connector has no secret yet, so nothing that is sent can be believed. Set its argument secret to the webhook's."), nil
	}
	if err := github.ValidateSignature(r.Header.Get("X-Hub-Signature-256"), r.Body, []byte(g.Secret)); err != nil {
		return connector.Say(http.StatusUnauthorized, "The signature (X-Hub-Signature-256) is missing or wrong; is the secret the webhook's?"), nil
	}
	body := r.Body
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return connector.Say(http.StatusBadRequest, "The form cannot be read."), nil
		}
		body = []byte(form.Get("payload"))
	}
	if !json.Valid(body) {
		return connector.Say(http.StatusBadRequest, "The payload is not JSON."), nil
	}
	name, guid := r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery")
	if name == "" || guid == "" {
		return connector.Say(http.StatusBadRequest, "The headers X-GitHub-Event and X-GitHub-Delivery are missing."), nil
	}
	e, ok := g.received(name, guid, body, time.Now())
	if !ok {
		return connector.Say(http.StatusOK, "Nothing to post."), nil
	}
	reply := connector.Say(http.StatusOK, "Accepted.")
	reply.Events = []event.Event{e}
	return reply, nil
}

// received makes an event of a webhook's payload. Its key is the delivery's number,
// which stays the same when GitHub delivers it again.
func (g *GitHub) received(name, guid string, raw []byte, at time.Time) (event.Event, bool) {
	p := parse(raw)
	if !g.wants(name, p) {
		return event.Event{}, false
	}
	return g.event(name, p, "delivery:"+guid, at)
}
