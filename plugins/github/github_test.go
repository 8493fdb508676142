package github

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

const secret = "It's a Secret to Everybody"

// hub behaves as GitHub's API does, for the repository acme/relay.
type hub struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	token  string
	events []map[string]any // newest first
	// deliveries are the deliveries of hook 9, newest first.
	deliveries []delivery
	hookURL    string
	// trouble, if set, answers the next requests.
	trouble  func(w http.ResponseWriter)
	requests []string
	tokens   int
	key      *rsa.PublicKey
}

type delivery struct {
	ID      int64  `json:"id"`
	GUID    string `json:"guid"`
	Status  int    `json:"status_code"`
	Event   string `json:"event"`
	payload string
}

func newHub(t *testing.T) *hub {
	h := &hub{t: t, token: "good"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/acme/relay/events", h.serveEvents)
	mux.HandleFunc("GET /repos/acme/relay/pulls/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		reply(w, map[string]any{"number": n, "title": "Fetched", "html_url": "https://github.com/acme/relay/pull/" + r.PathValue("n")})
	})
	mux.HandleFunc("GET /repos/acme/relay/hooks", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, []any{map[string]any{"id": 8, "config": map[string]any{"url": "https://elsewhere.test/"}}, map[string]any{"id": 9, "config": map[string]any{"url": h.hookURL}}})
	})
	mux.HandleFunc("GET /repos/acme/relay/hooks/9/deliveries", func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		end := min(from+2, len(h.deliveries))
		if end < len(h.deliveries) {
			w.Header().Set("Link", fmt.Sprintf(`<%s%s?cursor=%d>; rel="next"`, h.URL, r.URL.Path, end))
		}
		reply(w, h.deliveries[from:end])
	})
	mux.HandleFunc("GET /repos/acme/relay/hooks/9/deliveries/{id}", func(w http.ResponseWriter, r *http.Request) {
		for _, d := range h.deliveries {
			if fmt.Sprint(d.ID) == r.PathValue("id") {
				reply(w, map[string]any{"id": d.ID, "guid": d.GUID, "event": d.Event, "request": map[string]any{"payload": json.RawMessage(d.payload)}})
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
		reply(w, map[string]any{"message": "Not Found"})
	})
	mux.HandleFunc("POST /app/installations/7/access_tokens", h.serveToken)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.requests = append(h.requests, r.URL.Path)
		if h.trouble != nil {
			h.trouble(w)
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/app/") && r.Header.Get("Authorization") != "Bearer "+h.token {
			w.WriteHeader(http.StatusUnauthorized)
			reply(w, map[string]any{"message": "Bad credentials"})
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func reply(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (h *hub) serveEvents(w http.ResponseWriter, r *http.Request) {
	etag := fmt.Sprintf(`"%d"`, len(h.events))
	w.Header().Set("ETag", etag)
	w.Header().Set("X-Poll-Interval", "90")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	from := min((n-1)*size, len(h.events))
	reply(w, h.events[from:min(from+size, len(h.events))])
}

// serveToken checks an App's signature as GitHub does.
func (h *hub) serveToken(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 {
		h.t.Errorf("the App shows %q", parts)
		return
	}
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(h.key, crypto.SHA256, sum[:], signature); err != nil {
		h.t.Errorf("the App's signature: %v", err)
	}
	var claims struct{ Iat, Exp int64 }
	b, _ := base64.RawURLEncoding.DecodeString(parts[1])
	if err := json.Unmarshal(b, &claims); err != nil || claims.Exp-claims.Iat > 600 {
		h.t.Errorf("the App claims %s", b)
	}
	h.tokens++
	h.token = fmt.Sprintf("installed-%d", h.tokens)
	reply(w, map[string]any{"token": h.token, "expires_at": time.Now().Add(time.Hour)})
}

func (h *hub) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// happens adds an event of the Events API, in its slim form.
func (h *hub) happens(typ, payload string) {
	h.change(func() {
		e := map[string]any{
			"id": strconv.Itoa(1000 + len(h.events)), "type": typ, "created_at": "2026-11-20T09:30:00Z",
			"actor": map[string]any{"login": "ada"}, "repo": map[string]any{"name": "acme/relay"}, "payload": json.RawMessage(payload),
		}
		h.events = append([]map[string]any{e}, h.events...)
	})
}

func (h *hub) arguments(more map[string]any) map[string]any {
	all := map[string]any{"repository": "acme/relay", "token": "good", "api": h.URL}
	maps.Copy(all, more)
	return all
}

func titles(list []event.Event) []string {
	got := []string{}
	for _, e := range list {
		got = append(got, e.Card.Title)
	}
	return got
}

func want(t *testing.T, got []event.Event, titlesWanted ...string) {
	t.Helper()
	if list := titles(got); !slices.Equal(list, titlesWanted) {
		t.Errorf("got %q, want %q", list, titlesWanted)
	}
}

func TestPollingPostsWhatIsNewOldestFirst(t *testing.T) {
	h := newHub(t)
	c := connectortest.New(t, New, h.arguments(nil))
	h.happens("IssuesEvent", `{"action":"opened","issue":{"number":1,"title":"Old"}}`)
	poll := func(at event.Checkpoint) connectortest.Polled {
		t.Helper()
		p, err := c.Poll(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := poll(nil)
	want(t, first.Events())
	if first.Again != 90*time.Second {
		t.Errorf("GitHub asks for 90s, and the connector says %s", first.Again)
	}
	if p := poll(first.Checkpoint); len(p.Batches) != 0 {
		t.Errorf("without a change it emits %+v", p.Batches)
	}
	h.happens("PushEvent", `{"ref":"refs/heads/main","before":"6dcb09b5","head":"7fd1a60b"}`)
	h.happens("PullRequestEvent", `{"action":"opened","number":2,"pull_request":{"number":2,"head":{"ref":"x"},"base":{"ref":"main"}}}`)
	h.happens("PullRequestEvent", `{"action":"merged","number":2,"pull_request":{"number":2}}`)
	h.happens("WatchEvent", `{"action":"started"}`)
	h.happens("IssuesEvent", `{"action":"labeled","issue":{"number":1}}`)
	second := poll(first.Checkpoint)
	want(t, second.Events(), "ada pushed to main", "ada opened pull request \\#2: Fetched", "ada merged pull request \\#2: Fetched", "ada starred the repository")
	push := second.Events()[0]
	if got := push.Card.Actions[0].URL(); !strings.HasSuffix(got, "/acme/relay/compare/6dcb09b5...7fd1a60b") {
		t.Errorf("the push links to %s", got)
	}
	if push.Key != "event:1001" || push.Time.IsZero() {
		t.Errorf("the push has the key %s and the time %s", push.Key, push.Time)
	}
}

func TestManyEventsArePagedBackToTheLastOne(t *testing.T) {
	h := newHub(t)
	c := connectortest.New(t, New, h.arguments(nil))
	h.happens("WatchEvent", `{}`)
	first, err := c.Poll(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 250 {
		h.happens("ForkEvent", `{"forkee":{"full_name":"grace/relay"}}`)
	}
	second, err := c.Poll(t.Context(), first.Checkpoint)
	if err != nil || len(second.Events()) != 250 || second.Events()[0].Key != "event:1001" {
		t.Errorf("%d events, %v", len(second.Events()), err)
	}
}

func TestTheFirstPollPostsWhatWasAskedFor(t *testing.T) {
	h := newHub(t)
	for n := range 5 {
		h.happens("IssuesEvent", fmt.Sprintf(`{"action":"opened","issue":{"number":%d}}`, n))
	}
	p, err := connectortest.New(t, New, h.arguments(map[string]any{"initial": 2})).Poll(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, p.Events(), "ada opened issue \\#3", "ada opened issue \\#4")
}

func TestGitHubsErrorsHaveTheirKinds(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		want   connector.ErrorKind
	}{
		{"a wrong token", func(w http.ResponseWriter) {
			w.WriteHeader(401)
			reply(w, map[string]any{"message": "Bad credentials"})
		}, connector.KindUnauthorised},
		{"no such repository", func(w http.ResponseWriter) { w.WriteHeader(404); reply(w, map[string]any{"message": "Not Found"}) }, connector.KindMisconfigured},
		{"trouble at GitHub", func(w http.ResponseWriter) { w.WriteHeader(502); _, _ = w.Write([]byte("<html>")) }, connector.KindTemporary},
		{"half an answer", func(w http.ResponseWriter) { _, _ = w.Write([]byte(`[{"id":`)) }, connector.KindTemporary},
		{"the limit is used up", func(w http.ResponseWriter) {
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(time.Hour).Unix()))
			w.WriteHeader(403)
			reply(w, map[string]any{"message": "API rate limit exceeded"})
		}, connector.KindThrottled},
		{"too fast", func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(403)
			reply(w, map[string]any{"message": "You have exceeded a secondary rate limit", "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"})
		}, connector.KindThrottled},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			h.trouble = test.answer
			_, err := connectortest.New(t, New, h.arguments(nil)).Poll(t.Context(), nil)
			if connector.KindOf(err) != test.want || err == nil || strings.Contains(err.Error(), "good") {
				t.Errorf("%v (%s), want %s", err, connector.KindOf(err), test.want)
			}
		})
	}
}

// signed returns a delivery as GitHub sends it.
func signed(name, guid, contentType, body string) connector.Request {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return connector.Request{
		Method: http.MethodPost, Body: []byte(body),
		Header: http.Header{
			"Content-Type": {contentType}, "X-Github-Event": {name}, "X-Github-Delivery": {guid},
			"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
		},
	}
}

const opened = `{"action":"opened","issue":{"number":1,"title":"New"},"sender":{"login":"ada"},"repository":{"full_name":"acme/relay"}}`

func TestADeliveryBecomesAnEvent(t *testing.T) {
	c := connectortest.New(t, New, map[string]any{"repository": "acme/relay", "secret": secret})
	for _, r := range []connector.Request{
		signed("issues", "g-1", "application/json", opened),
		signed("issues", "g-1", "application/x-www-form-urlencoded", "payload="+url.QueryEscape(opened)),
	} {
		got, err := c.Receive(t.Context(), r)
		if err != nil || got.Status != http.StatusOK {
			t.Fatalf("%+v, %v", got, err)
		}
		want(t, got.Events, "ada opened issue \\#1: New")
		if got.Events[0].Key != "delivery:g-1" {
			t.Errorf("the key is %s", got.Events[0].Key)
		}
	}
	got, err := c.Receive(t.Context(), signed("ping", "g-2", "application/json", `{"zen":"Keep it simple."}`))
	if err != nil || got.Status != http.StatusOK || len(got.Events) != 0 {
		t.Errorf("a ping: %+v, %v", got, err)
	}
}

func TestOnlyGitHubIsBelieved(t *testing.T) {
	c := connectortest.New(t, New, map[string]any{"repository": "acme/relay", "secret": secret})
	good := signed("issues", "g", "application/json", opened)
	for name, test := range map[string]struct {
		change func(r *connector.Request)
		status int
	}{
		"no signature":      {func(r *connector.Request) { r.Header.Del("X-Hub-Signature-256") }, 401},
		"another body":      {func(r *connector.Request) { r.Body = []byte(opened + " ") }, 401},
		"the old signature": {func(r *connector.Request) { r.Header.Set("X-Hub-Signature-256", "sha1=00") }, 401},
		"not a POST":        {func(r *connector.Request) { r.Method = "GET" }, 405},
		"no event":          {func(r *connector.Request) { r.Header.Del("X-GitHub-Event") }, 400},
	} {
		r := good
		r.Header = good.Header.Clone()
		test.change(&r)
		if got, err := c.Receive(t.Context(), r); err != nil || got.Status != test.status || len(got.Events) != 0 {
			t.Errorf("%s: %+v, %v; want %d", name, got, err, test.status)
		}
	}
	if got, err := c.Receive(t.Context(), signed("issues", "g", "application/json", "{")); err != nil || got.Status != 400 {
		t.Errorf("signed, but no JSON: %+v, %v", got, err)
	}
	open := connectortest.New(t, New, map[string]any{"repository": "acme/relay"})
	if got, err := open.Receive(t.Context(), good); err != nil || got.Status != 403 || len(got.Events) != 0 {
		t.Errorf("without a secret: %+v, %v", got, err)
	}
	// The test vector from GitHub's documentation.
	vector := connector.Request{Method: "POST", Body: []byte("Hello, World!"), Header: http.Header{
		"X-Hub-Signature-256": {"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
	}}
	if got, err := c.Receive(t.Context(), vector); err != nil || got.Status != 400 {
		t.Errorf("GitHub's own vector: %+v, %v; want 400, as it is no JSON", got, err)
	}
}

func TestDeliveriesThatWereMissedAreFetched(t *testing.T) {
	h := newHub(t)
	c := connectortest.New(t, New, h.arguments(map[string]any{"secret": secret}))
	h.hookURL = c.HookURL
	issue := func(n int) string {
		return fmt.Sprintf(`{"action":"opened","issue":{"number":%d},"sender":{"login":"ada"}}`, n)
	}
	h.deliveries = []delivery{{ID: 50, GUID: "old", Status: 502, Event: "issues", payload: issue(1)}}
	first, err := c.Poll(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, first.Events()) // what failed before the connector was there is not its own
	h.change(func() {
		h.deliveries = append([]delivery{
			{ID: 57, GUID: "g7", Status: 200, Event: "issues", payload: issue(7)},
			{ID: 56, GUID: "g3", Status: 200, Event: "issues", payload: issue(3)}, // delivered again
			{ID: 55, GUID: "g5", Status: 0, Event: "issues", payload: issue(5)},
			{ID: 54, GUID: "g5", Status: 502, Event: "issues", payload: issue(5)},
			{ID: 53, GUID: "g3", Status: 502, Event: "issues", payload: issue(3)},
			{ID: 52, GUID: "g2", Status: 503, Event: "issues", payload: issue(2)},
		}, h.deliveries...)
	})
	second, err := c.Poll(t.Context(), first.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	want(t, second.Events(), "ada opened issue \\#2", "ada opened issue \\#5")
	if key := second.Events()[0].Key; key != "delivery:g2" {
		t.Errorf("the key is %s; pushed, it would be delivery:g2", key)
	}
	third, err := c.Poll(t.Context(), second.Checkpoint)
	if err != nil || len(third.Batches) != 0 {
		t.Errorf("then %+v, %v", third, err)
	}
	if slices.Contains(h.requests, "/repos/acme/relay/events") {
		t.Error("the Events API was asked as well")
	}
}

func TestANoteSaysWhyMissedDeliveriesCannotBeFound(t *testing.T) {
	for name, test := range map[string]struct {
		change func(h *hub, c *connectortest.Client)
		note   string
	}{
		"no public address": {func(_ *hub, c *connectortest.Client) { c.HookURL = "" }, "relay.public_url is not set"},
		"no webhook":        {func(*hub, *connectortest.Client) {}, "no webhook at GitHub leads to this"},
		"no right to look": {func(h *hub, _ *connectortest.Client) {
			h.trouble = func(w http.ResponseWriter) { w.WriteHeader(404); reply(w, map[string]any{"message": "Not Found"}) }
		}, "the token may not read the webhooks"},
	} {
		h := newHub(t)
		c := connectortest.New(t, New, h.arguments(map[string]any{"secret": secret}))
		test.change(h, c)
		if p, err := c.Poll(t.Context(), nil); err != nil || !strings.Contains(p.Note, test.note) {
			t.Errorf("%s: %q, %v", name, p.Note, err)
		}
	}
}

func TestAnAppSignsInAndKeepsItsToken(t *testing.T) {
	h := newHub(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	h.key = &key.PublicKey
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	c := connectortest.New(t, New, map[string]any{
		"repository": "acme/relay", "api": h.URL, "app_id": 5, "installation_id": 7, "private_key": string(block),
	})
	for range 3 {
		if _, err := c.Poll(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if h.tokens != 1 {
		t.Errorf("%d tokens were asked for", h.tokens)
	}
}

func TestTheContract(t *testing.T) {
	connectortest.Run(t, New, connectortest.Options{
		Start: func(t *testing.T) map[string]any {
			h := newHub(t)
			for n := range 3 {
				h.happens("IssuesEvent", fmt.Sprintf(`{"action":"opened","issue":{"number":%d}}`, n))
			}
			return h.arguments(map[string]any{"initial": 3})
		},
		Invalid: []connectortest.Invalid{
			{Argument: "repository", Value: "no-slash"},
			{Argument: "api", Value: "nowhere"},
			{Argument: "events", Value: []string{"nonsense"}},
			{Argument: "labels", Value: []string{"[a"}},
			{Argument: "initial", Value: -1},
			{Argument: "private_key", Value: "x"},
			{Argument: "user", Value: "a/b"},
		},
	})
	connectortest.Run(t, New, connectortest.Options{
		Arguments: map[string]any{"organisation": "acme", "secret": secret},
		Start:     func(t *testing.T) map[string]any { return map[string]any{"api": newHub(t).URL, "token": "good"} },
		Genuine:   []connector.Request{signed("issues", "g", "application/json", opened), signed("ping", "h", "application/json", "{}")},
	})
}
