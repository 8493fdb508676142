package azuredevops

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// Receive implements [connector.Receiver]: a service hook's event.
func (a *AzureDevOps) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return connector.Say(http.StatusOK, "This is the address of a service hook."), nil
	case r.Method != http.MethodPost:
		return connector.Say(http.StatusMethodNotAllowed, "This is the address of a service hook; it takes POST."), nil
	case a.Password == "":
		return connector.Say(http.StatusForbidden, "The connector has no password yet, so it cannot tell who sent this. Set its arguments username and password, and give the service hook the same."), nil
	case !a.genuine(r):
		reply := connector.Say(http.StatusUnauthorized, "The service hook sends no user name and password, or wrong ones.")
		reply.Header.Set("WWW-Authenticate", `Basic realm="relay"`)
		return reply, nil
	}
	var hook struct {
		ID       string          `json:"id"`
		Type     string          `json:"eventType"`
		Created  string          `json:"createdDate"`
		Said     saying          `json:"message"`
		Detailed saying          `json:"detailedMessage"`
		Resource json.RawMessage `json:"resource"`
	}
	if !json.Valid(r.Body) || !connector.ParseJSON(r.Body, &hook) || hook.Type == "" {
		return connector.Say(http.StatusBadRequest, "The body is not a service hook's event: it is not JSON, or it has no eventType."), nil
	}
	k, ok := byHook(hook.Type)
	if !ok || hook.ID == "" {
		return connector.Say(http.StatusOK, "Nothing to post."), nil
	}
	one, _ := read(hook.Resource) // a hook that sends minimal details has none
	one.event = k.Name
	one.readSentence(cmp.Or(hook.Said.Text, hook.Detailed.Text))
	return connector.Accepted(a.event(k, one, hook.ID, hook.Created)), nil
}

// saying returns a service hook's sentence about an event, unless the hook is set up to
// send none.
type saying struct {
	Text string `json:"text"`
}

// event makes an event from a resource; it reports false when nobody asked for it.
func (a *AzureDevOps) event(k kind, r *resource, id, at string) (event.Event, bool) {
	k = refine(k, r)
	if quiet(k, r) || !a.wants(k, r) {
		return event.Event{}, false
	}
	return a.newEvent(k, r, key(k, r, id), when(at)), true
}

// genuine checks a request's credentials in constant time.
func (a *AzureDevOps) genuine(r *connector.Request) bool {
	user, password, ok := (&http.Request{Header: r.Header}).BasicAuth()
	given := sha256.Sum256([]byte(user + "\x00" + password))
	wanted := sha256.Sum256([]byte(a.Username + "\x00" + a.Password))
	return subtle.ConstantTimeCompare(given[:], wanted[:]) == 1 && ok
}
