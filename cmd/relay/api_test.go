package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

const apiConfig = `
relay {
  listen = "127.0.0.1:0"
  http { allow = ["127.0.0.0/8"] }
}
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
channel "chat" {
  type = "office365"
  url  = "%s/office365/chat"
}
connector "webhook" "ci" {
  route { to = [channel.lobby] }
}
connector "rss" "news" {
  url = "%s/feed.xml"
  route {
    when = event.kind == "updated"
    to   = [channel.lobby]
  }
}
connector "trello" "board" {
  board = "b"
  key   = "abc"
  api   = "http://127.0.0.1:1"
  route { to = [channel.lobby] }
}
`

// judged asks a running relay and has an outside validator compare each question and each
// answer with the relay's own description.
type judged struct {
	t       *testing.T
	http    http.Client
	doc     *openapi3.T
	routes  map[string]*routers.Route
	counted map[string]int
}

func newJudged(t *testing.T, socket string) *judged {
	j := &judged{t: t, routes: map[string]*routers.Route{}, counted: map[string]int{}}
	j.http.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	resp, err := j.http.Get("http://relay/api/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if j.doc, err = openapi3.NewLoader().LoadFromIoReader(resp.Body); err != nil {
		t.Fatal(err)
	}
	if err := j.doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, item := range j.doc.Paths.Map() {
		for method, o := range item.Operations() {
			j.routes[o.OperationID] = &routers.Route{Spec: j.doc, Path: path, PathItem: item, Method: method, Operation: o}
		}
	}
	return j
}

// ask asks one question: its name in the description, what is in its path, its query, and
// its body. A question that is wrong on purpose is not compared, but its answer is.
func (j *judged) ask(id, value, query, body string, want int) any {
	j.t.Helper()
	route := j.routes[id]
	if route == nil {
		j.t.Errorf("%s is not described", id)
		return nil
	}
	path := strings.NewReplacer("{name}", url.PathEscape(value), "{id}", url.PathEscape(value)).Replace(route.Path)
	req, err := http.NewRequestWithContext(j.t.Context(), route.Method, "http://relay/api/v1"+path+"?"+query, strings.NewReader(body))
	if err != nil {
		j.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	input := &openapi3filter.RequestValidationInput{
		Request: req, Route: route, PathParams: map[string]string{"name": value, "id": value},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(j.t.Context(), input); err != nil && want == http.StatusOK {
		j.t.Errorf("%s: the question is not as described: %v", id, err)
	}
	req.Body = io.NopCloser(strings.NewReader(body))
	resp, err := j.http.Do(req)
	if err != nil {
		j.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		j.t.Fatal(err)
	}
	if resp.StatusCode != want {
		j.t.Errorf("%s %s?%s %s is answered %d %s, want %d", route.Method, path, query, body, resp.StatusCode, b, want)
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(b)), Options: input.Options,
	}
	if err := openapi3filter.ValidateResponse(j.t.Context(), answer); err != nil {
		j.t.Errorf("%s: the answer is not as described: %v\n%s", id, err, b)
	}
	if want == http.StatusOK {
		j.counted[id]++
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		j.t.Errorf("%s: %v", id, err)
	}
	return v
}

// TestTheAPIIsAsItIsDescribed: every question is asked of a real relay with real plugins,
// and every answer is what the description says.
func TestTheAPIIsAsItIsDescribed(t *testing.T) {
	feed := newFeed(t, "news")
	feed.publish()
	p := startRelay(t, writeConfig(t, fmt.Sprintf(apiConfig, newChat(t).server.URL, feed.server.URL)))
	j := newJudged(t, filepath.Join(filepath.Dir(p.config), "relay.sock"))
	if !postCard(http.DefaultClient, p.hook("ci"), "Hello") {
		t.Fatal("the card was not accepted")
	}
	for _, q := range []struct {
		id, value, query, body string
		want                   int
	}{
		{id: "status"},
		{id: "problems"},
		{id: "connectors"},
		{id: "channels"},
		{id: "plugins"},
		{id: "pluginLog", value: "rss"},
		{id: "pluginLog", value: "none", want: 404},
		{id: "refusals"},
		{id: "refusals", query: "connector=ci"},
		{id: "send", value: "lobby", body: `{"title": "Sent", "sections": [{"facts": [{"name": "a", "value": "b"}]}]}`},
		{id: "send", value: "nowhere", body: `{"title": "Sent"}`, want: 404},
		{id: "send", value: "lobby", body: `{}`, want: 422},
		{id: "send", value: "lobby", body: `[`, want: 422},
		{id: "deliveries"},
		{id: "deliveries", query: "state=delivered,waiting&limit=1&channel=lobby"},
		{id: "deliveries", query: "before=1"},
		{id: "deliveries", query: "limit=x", want: 422},
		{id: "deliveries", query: "page=2", want: 422},
		{id: "deliveries", query: "verdict=rejected&kind=a&text=b&until=2030-01-01T00:00:00Z"},
		{id: "deliveries", query: "verdict=good", want: 422},
		{id: "count", query: "state=dead&channel=lobby"},
		{id: "count", query: "limit=1", want: 422},
		{id: "rates"},
		{id: "payload", value: "1"},
		{id: "payload", value: "999", want: 404},
		{id: "waiting", value: "lobby"},
		{id: "waiting", value: "none", want: 404},
		{id: "delivery", value: "1"},
		{id: "delivery", value: "999", want: 404},
		{id: "poll", value: "news"},
		{id: "postCard", value: "ci", body: `{"title": "Posted"}`},
		{id: "postCard", value: "none", body: `{"title": "Posted"}`, want: 404},
		{id: "dryRun", value: "news"},
		{id: "poll", value: "none", want: 404},
		{id: "poll", value: "ci", want: 500},
		{id: "events"},
		{id: "events", query: "fate=filtered&since=2026-01-01T00:00:00Z&text=a"},
		{id: "events", query: "fate=lost", want: 422},
		{id: "explain", query: "event=1"},
		{id: "explain", query: "event=none", want: 404},
		{id: "pause", value: "lobby", body: `{"reason": "moving"}`},
		{id: "channels"},
		{id: "drain", value: "lobby"},
		{id: "drain", value: "none", want: 404},
		{id: "resume", value: "lobby"},
		{id: "pause", value: "none", body: `{}`, want: 404},
		{id: "rotateHook", value: "ci", body: `{"grace": "1h"}`},
		{id: "rotateHook", value: "ci", body: `{"grace": "soon"}`, want: 422},
		{id: "connectors"},
		{id: "replay", body: `{"channel": "lobby"}`},
		{id: "dismiss", body: `{"deliveries": [1]}`},
		{id: "replay", body: `{"chanel": "lobby"}`, want: 422},
		{id: "dismiss", body: `{}`, want: 422},
		{id: "dismiss", body: `{"all": true, "expected": 7}`, want: 409},
		{id: "configuration"},
		{id: "me"},
		{id: "createToken", body: `{"name": "ci", "scopes": ["read", "operate"], "expires": "2100-01-01T00:00:00Z"}`},
		{id: "createToken", body: `{"name": "ci", "scopes": ["read"]}`, want: 422},
		{id: "createToken", body: `{"name": "x", "scopes": ["rule"]}`, want: 422},
		{id: "tokens"},
		{id: "revokeToken", body: `{"name": "ci"}`},
		{id: "revokeToken", body: `{"name": "ci"}`, want: 404},
		{id: "auditLog"},
		{id: "auditLog", query: "who=nobody&subject=channel%20lobby&limit=5"},
		{id: "addPicture", body: `{"content": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="}`},
		{id: "addPicture", body: `{"content": "aGVsbG8="}`, want: 422},
		{id: "plan"},
		{id: "reload"},
		{id: "forgetConnector", value: "ci", want: 422},
		{id: "forgetChannel", value: "lobby", want: 422},
		{id: "forgetChannel", value: "none", want: 404},
	} {
		if q.want == 0 {
			q.want = http.StatusOK
		}
		j.ask(q.id, q.value, q.query, q.body, q.want)
	}
	j.play()
	j.mute()
	j.signIn()
	j.save()
	j.forget(p)
	for id := range j.routes {
		if j.counted[id] == 0 {
			t.Errorf("nobody has asked %s", id)
		}
	}
}

// mute keeps a channel's cards back, and lets them go again.
func (j *judged) mute() {
	until := time.Now().Add(time.Hour).Format(time.RFC3339)
	muted := j.ask("mute", "", "", fmt.Sprintf(`{"sort": "channel", "name": "lobby", "until": %q, "reason": "loud"}`, until), http.StatusOK).(map[string]any)
	j.ask("mute", "", "", `{"sort": "channel", "name": "none", "until": "2027-01-01T00:00:00Z"}`, http.StatusNotFound)
	j.ask("mutes", "", "", "", http.StatusOK)
	j.ask("unmute", fmt.Sprint(muted["mute"]), "", "", http.StatusOK)
	j.ask("unmute", "999", "", "", http.StatusNotFound)
}

// play tries out cards, a route and a channel.
func (j *judged) play() {
	for paste, want := range map[string]int{
		`{"body": "{\"title\": \"Hello\", \"text\": \"*there*\"}"}`: 200, `{"body": "[1,"}`: 200, `{"type": "rss", "kind": "item", "channel_type": "slack"}`: 200,
		`{"type": "rss", "kind": "none"}`: 404, `{"type": "none"}`: 404, `{"body": "hello", "channel_type": "icq"}`: 422,
	} {
		j.ask("preview", "", "", paste, want)
	}
	for draft, want := range map[string]int{
		`{"connector": "ci", "route": "route { to = [channel.lobby] }"}`: 200, `{"type": "rss", "route": "route {\n when = event.kind == \"item\"\n to = [channel.lobby]\n card { title = \"x\" }\n}"}`: 200,
		`{"connector": "news", "route": "route { to = [channel.nowhere] }"}`: 200, `{"connector": "none", "route": "route { to = [channel.lobby] }"}`: 404,
	} {
		j.ask("tryRoute", "", "", draft, want)
	}
	j.ask("doctor", "chat", "", "", http.StatusOK)
	j.ask("doctor", "lobby", "", "", http.StatusUnprocessableEntity)
	j.ask("doctor", "none", "", "", http.StatusNotFound)
}

// signIn signs a connector in with a token that is pasted.
func (j *judged) signIn() {
	session := j.ask("signIn", "board", "", "", http.StatusOK).(map[string]any)["sign_in"].(string)
	j.ask("pasteToken", session, "", `{"token": "a b"}`, http.StatusUnprocessableEntity)
	j.ask("pasteToken", session, "", `{"token": "canary"}`, http.StatusOK)
	j.ask("awaitSignIn", session, "", "", http.StatusOK)
	j.ask("awaitSignIn", "none", "", "", http.StatusNotFound)
}

// save makes a connector on the page, and removes it.
func (j *judged) save() {
	j.ask("types", "", "", "", http.StatusOK)
	const filled = `{"filled": {"type": "webhook", "name": "made", "revision": %d, "arguments": {"title": "Made here", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="}, "channels": ["%s"]}}`
	j.ask("draft", "", "", fmt.Sprintf(filled, 0, "nowhere"), http.StatusOK)
	j.ask("tryConnector", "", "", fmt.Sprintf(filled, 0, "lobby"), http.StatusOK)
	j.ask("save", "", "", fmt.Sprintf(filled, 0, "nowhere"), http.StatusUnprocessableEntity)
	j.ask("save", "", "", fmt.Sprintf(filled, 0, "lobby"), http.StatusOK)
	j.ask("save", "", "", fmt.Sprintf(filled, 7, "lobby"), http.StatusConflict)
	j.ask("takeOver", "made", "", "", http.StatusOK)
	j.ask("takeOver", "none", "", "", http.StatusNotFound)
	j.ask("blocks", "", "", "", http.StatusOK)
	j.ask("connectors", "", "", "", http.StatusOK)
	j.ask("export", "", "", "", http.StatusOK)
	j.ask("removeBlock", "made", "", `{"revision": 1}`, http.StatusConflict)
	j.ask("removeBlock", "made", "", `{"revision": 2}`, http.StatusOK)
}

// forget takes everything out of the configuration, and forgets it.
func (j *judged) forget(p *process) {
	j.t.Helper()
	j.ask("pause", "lobby", "", `{}`, http.StatusOK)
	j.ask("send", "lobby", "", `{"title": "Late"}`, http.StatusOK)
	p.rewrite(`
relay     { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "hall" { type = "inbox" }
`)
	j.ask("plan", "", "", "", http.StatusOK)
	j.ask("reload", "", "", "", http.StatusOK)
	j.ask("forgetConnector", "ci", "", "", http.StatusOK)
	j.ask("forgetChannel", "lobby", "", "", http.StatusOK)
}
