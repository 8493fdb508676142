package github

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// Receive implements [connector.Receiver]: a webhook delivery.
func (g *GitHub) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	if r.Method != http.MethodPost {
		return connector.Say(http.StatusMethodNotAllowed, "This is the address of a GitHub webhook; it takes POST."), nil
	}
	if g.Secret == "" {
		return connector.Say(http.StatusForbidden, "The connector has no secret yet, so it cannot tell who sent this. Set its argument secret to the webhook's."), nil
	}
	if !connector.Signed(sha256.New, g.Secret, r.Header.Values("X-Hub-Signature-256"), r.Body) {
		return connector.Say(http.StatusUnauthorized, "The signature (X-Hub-Signature-256) is missing or wrong; check that the argument secret is the webhook's."), nil
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
	return connector.Accepted(g.received(name, guid, body, time.Now())), nil
}

// received makes an event from a webhook's payload. Its key is the delivery's number,
// which stays the same when GitHub delivers it again.
func (g *GitHub) received(name, guid string, raw []byte, at time.Time) (event.Event, bool) {
	p := parse(raw)
	name = p.kind(name)
	if !g.wants(name, p) {
		return event.Event{}, false
	}
	key := "delivery:" + guid
	if name == "create" || name == "delete" {
		key = cmp.Or(p.remake(name), key)
	}
	return g.event(name, p, key, at)
}

// kind returns the kind that a payload really has. A push that only creates or deletes a
// branch or a tag is also reported as create or delete, where GitHub is set up to send
// those.
func (p *payload) kind(name string) string {
	switch {
	case name == "push" && p.Deleted:
		name = "delete"
	case name == "push" && p.Created && len(p.Commits) == 0:
		name = "create"
	default:
		return name
	}
	p.RefType = "branch"
	if strings.HasPrefix(p.Ref, "refs/tags/") {
		p.RefType = "tag"
	}
	p.Ref = shortRef(p.Ref)
	return name
}

// remake returns the key of the creation or deletion of a branch or a tag, which is the
// same for the two events that GitHub sends. Their times agree within a second or so, and
// nobody creates the same thing twice in a minute.
func (p *payload) remake(name string) string {
	minute := p.Repository.Pushed.Truncate(time.Minute)
	key := fmt.Sprintf("%s:%s:%s:%s:%d", name, p.Repository.FullName, p.refType(), p.Ref, minute.Unix())
	if p.Repository.Pushed.IsZero() || len(key) > maxKey {
		return ""
	}
	return key
}

// maxKey is the longest such key, in bytes.
const maxKey = 400

func shortRef(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
}
