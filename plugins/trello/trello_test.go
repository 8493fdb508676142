package trello

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/event"
)

const (
	board   = "654c8f2a00000000000000aa"
	another = "654c8f2a00000000000000bb"
	token   = "canary-token"
	secret  = "canary-secret"
)

// service behaves as Trello's API does, for one board.
type service struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	actions []map[string]any // newest first
	hooks   []webhook
	// status and text, if set, answer the next requests.
	status int
	text   string
	asked  []string
	// broken is the prefix of the paths that fail.
	broken string
}

func newService(t *testing.T) *service {
	s := &service{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /1/boards/{id}/actions", s.serveActions)
	mux.HandleFunc("GET /1/boards/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := board
		if r.PathValue("id") == "another" {
			id = another
		}
		answer(w, map[string]string{"id": id})
	})
	mux.HandleFunc("GET /1/tokens/"+token+"/webhooks", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.hooks) })
	mux.HandleFunc("GET /1/webhooks/{id}", func(w http.ResponseWriter, r *http.Request) {
		if i := s.find(r.PathValue("id")); i >= 0 {
			answer(w, s.hooks[i])
			return
		}
		http.Error(w, "The requested resource was not found.", http.StatusNotFound)
	})
	mux.HandleFunc("POST /1/webhooks", func(w http.ResponseWriter, r *http.Request) {
		hook := webhook{ID: fmt.Sprintf("hook%d", len(s.asked)), Active: true}
		if err := json.NewDecoder(r.Body).Decode(&hook); err != nil {
			t.Errorf("a webhook that cannot be read: %v", err)
		}
		if slices.ContainsFunc(s.hooks, func(h webhook) bool { return h.CallbackURL == hook.CallbackURL && h.IDModel == hook.IDModel }) {
			http.Error(w, "A webhook with that callback, model, and token already exists", http.StatusBadRequest)
			return
		}
		s.hooks = append(s.hooks, hook)
		answer(w, hook)
	})
	mux.HandleFunc("DELETE /1/webhooks/{id}", func(w http.ResponseWriter, r *http.Request) {
		i := s.find(r.PathValue("id"))
		if i < 0 {
			http.Error(w, "The requested resource was not found.", http.StatusNotFound)
			return
		}
		s.hooks = slices.Delete(s.hooks, i, i+1)
		answer(w, map[string]any{"_value": nil})
	})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.Method+" "+r.URL.Path)
		if want := `OAuth oauth_consumer_key="key", oauth_token="` + token + `"`; r.Header.Get("Authorization") != want {
			http.Error(w, "invalid token", http.StatusUnauthorized)
			return
		}
		if r.Method == http.MethodGet && r.ContentLength != 0 {
			// Trello's delivery network refuses it since 12 March 2024
			// (https://developer.atlassian.com/cloud/trello/changelog/#CHANGE-1459).
			http.Error(w, "403 ERROR The request could not be satisfied.", http.StatusForbidden)
			return
		}
		if s.status != 0 {
			http.Error(w, s.text, s.status)
			return
		}
		if s.broken != "" && strings.HasPrefix(r.URL.Path, s.broken) {
			http.Error(w, "oops", http.StatusInternalServerError)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (s *service) find(id string) int {
	return slices.IndexFunc(s.hooks, func(h webhook) bool { return h.ID == id })
}

func (s *service) serveActions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	list := []map[string]any{}
	for _, a := range s.actions {
		id := a["id"].(string)
		if len(list) < limit && id > q.Get("since") && (q.Get("before") == "" || id < q.Get("before")) {
			list = append(list, a)
		}
	}
	answer(w, list)
}

func (s *service) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// happens adds an action to the board and returns it as a webhook would deliver it.
func (s *service) happens(typ, data string) string {
	var body string
	s.change(func() {
		a := map[string]any{
			"id": fmt.Sprintf("654c8f2a%016x", len(s.actions)+1), "type": typ, "date": "2026-11-20T09:30:00.000Z",
			"memberCreator": map[string]any{"username": "ada", "fullName": "Ada"}, "data": json.RawMessage(data),
		}
		s.actions = append([]map[string]any{a}, s.actions...)
		b, err := json.Marshal(map[string]any{"action": a, "model": map[string]any{"id": board}})
		if err != nil {
			s.t.Fatal(err)
		}
		body = string(b)
	})
	return body
}

func (s *service) client(more map[string]any) *connectortest.Client {
	return connectortest.New(s.t, New, s.arguments(more))
}

func (s *service) arguments(more map[string]any) map[string]any {
	all := map[string]any{"board": "brdshort", "key": "key", "token": token, "api": s.URL}
	maps.Copy(all, more)
	return all
}

func (s *service) poll(c *connectortest.Client, at event.Checkpoint) connectortest.Polled {
	s.t.Helper()
	p, err := c.Poll(s.t.Context(), at)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func want(t *testing.T, list []event.Event, titles ...string) {
	t.Helper()
	got := []string{}
	for _, e := range list {
		got = append(got, e.Card.Title)
	}
	if !slices.Equal(got, titles) && len(got)+len(titles) > 0 {
		t.Errorf("got %q, want %q", got, titles)
	}
}

const commented = `{"text":"Done?","card":{"name":"Parser","shortLink":"crd"},"board":{"name":"Relay","shortLink":"brd"}}`

func TestPollingPostsWhatIsNewOldestFirst(t *testing.T) {
	s := newService(t)
	c := s.client(nil)
	s.happens("commentCard", commented)
	first := s.poll(c, nil)
	want(t, first.Events())
	s.happens("updateCard", `{"card":{"name":"Parser"},"listBefore":{"name":"To do"},"listAfter":{"name":"Doing"},"old":{"idList":"x"}}`)
	s.happens("updateCard", `{"card":{"name":"Parser"},"old":{"pos":1}}`)
	s.happens("updateCard", `{"card":{"name":"Parser","dueComplete":true},"old":{"dueComplete":false}}`)
	second := s.poll(c, first.Checkpoint)
	want(t, second.Events(), "Ada moved Parser from To do to Doing", "Ada completed Parser")
	third := s.poll(c, second.Checkpoint)
	if len(third.Batches) != 0 {
		t.Errorf("without a change it emits %+v", third.Batches)
	}
}

func TestTheFirstActionOnAnEmptyBoardIsPosted(t *testing.T) {
	s := newService(t)
	c := s.client(nil)
	first := s.poll(c, nil)
	s.change(func() {
		s.actions = []map[string]any{{"id": idAt(time.Now().Add(time.Second)), "type": "createList", "data": map[string]any{"list": map[string]any{"name": "To do"}}}}
	})
	want(t, s.poll(c, first.Checkpoint).Events(), "Somebody added the list To do")
}

func TestManyActionsArePagedAndComeInBatches(t *testing.T) {
	s := newService(t)
	c := s.client(nil)
	s.happens("commentCard", commented)
	first := s.poll(c, nil)
	for range 1234 {
		s.happens("commentCard", commented)
	}
	second := s.poll(c, first.Checkpoint)
	if n := len(second.Events()); n != 1234 || len(second.Batches) < 12 {
		t.Errorf("%d events in %d batches", n, len(second.Batches))
	}
	if !slices.IsSortedFunc(second.Events(), func(a, b event.Event) int { return strings.Compare(a.Key, b.Key) }) {
		t.Error("they are not in order")
	}
}

func TestTheFirstPollPostsWhatWasAskedFor(t *testing.T) {
	s := newService(t)
	for range 5 {
		s.happens("commentCard", commented)
	}
	if got := s.poll(s.client(map[string]any{"initial": 2}), nil).Events(); len(got) != 2 || !strings.HasSuffix(got[1].Key, "5") {
		t.Errorf("got %+v", got)
	}
}

func TestTrellosErrorsHaveTheirKinds(t *testing.T) {
	for _, test := range []struct {
		status int
		text   string
		want   connector.ErrorKind
	}{
		{401, "invalid token", connector.KindUnauthorised},
		{401, "unauthorized permission requested", connector.KindUnauthorised},
		{401, "invalid key", connector.KindMisconfigured},
		{404, "The requested resource was not found.", connector.KindMisconfigured},
		{400, "invalid id", connector.KindMisconfigured},
		{429, `{"error":"API_TOKEN_LIMIT_EXCEEDED","message":"Rate limit exceeded"}`, connector.KindThrottled},
		{500, "oops", connector.KindTemporary},
		{200, "half an ans", connector.KindTemporary},
	} {
		s := newService(t)
		s.status, s.text = test.status, test.text
		_, err := s.client(nil).Poll(t.Context(), nil)
		if connector.KindOf(err) != test.want || err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d %s: %v (%s), want %s", test.status, test.text, err, connector.KindOf(err), test.want)
		}
	}
}

func TestAWebhookIsRegisteredKeptAndRemoved(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"secret": secret})
	s.hooks = []webhook{{ID: "other", CallbackURL: "https://elsewhere.test/", IDModel: board, Active: true}}
	p := s.poll(c, nil)
	if len(s.hooks) != 2 || s.hooks[1].CallbackURL != c.HookURL {
		t.Fatalf("the webhooks are %+v", s.hooks)
	}
	made := s.hooks[1].ID
	p = s.poll(c, p.Checkpoint)
	if len(s.hooks) != 2 || s.hooks[1].ID != made {
		t.Errorf("a second poll made %+v", s.hooks)
	}
	s.change(func() { s.hooks[1].Active = false }) // after too many failures
	p = s.poll(c, p.Checkpoint)
	if len(s.hooks) != 2 || s.hooks[1].ID == made || !s.hooks[1].Active {
		t.Errorf("one that was switched off was not replaced: %+v", s.hooks)
	}
	c.HookURL = "https://moved.test/hooks/token"
	p = s.poll(c, p.Checkpoint)
	if len(s.hooks) != 2 || s.hooks[1].CallbackURL != c.HookURL {
		t.Errorf("after the address changed there are %+v", s.hooks)
	}
	if err := c.Remove(t.Context(), p.Checkpoint); err != nil {
		t.Fatal(err)
	}
	if len(s.hooks) != 1 || s.hooks[0].ID != "other" {
		t.Errorf("after the removal there are %+v", s.hooks)
	}
}

func TestWithoutAPublicAddressPollsBringEverything(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"secret": secret})
	c.HookURL = ""
	p := s.poll(c, nil)
	if len(s.hooks) != 0 || !strings.Contains(p.Note, "relay.public_url is not set") {
		t.Errorf("%q, %+v", p.Note, s.hooks)
	}
}

func signedRequest(body, address string) connector.Request {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(body + address))
	return connector.Request{Method: http.MethodPost, Body: []byte(body), Header: http.Header{"X-Trello-Webhook": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}}
}

func TestAnActionHasOneKeyByEitherWay(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"secret": secret})
	first := s.poll(c, nil)
	body := s.happens("commentCard", commented)
	s.change(func() { s.actions[0]["id"] = idAt(time.Now().Add(time.Hour)) })
	body = strings.Replace(body, "654c8f2a0000000000000001", s.actions[0]["id"].(string), 1)
	pushed, err := c.Receive(t.Context(), signedRequest(body, c.HookURL))
	if err != nil || pushed.Status != 200 || len(pushed.Events) != 1 {
		t.Fatalf("%+v, %v", pushed, err)
	}
	polled := s.poll(c, first.Checkpoint).Events()
	if diff := cmp.Diff(pushed.Events, polled); diff != "" {
		t.Errorf("pushed and polled differ:\n%s", diff)
	}
}

func TestOnlyTrelloIsBelieved(t *testing.T) {
	c := connectortest.New(t, New, map[string]any{"board": "b", "key": "k", "secret": secret})
	good := signedRequest(`{"action":{"id":"a1","type":"commentCard"}}`, c.HookURL)
	for name, test := range map[string]struct {
		request connector.Request
		status  int
	}{
		"as Trello sends it": {good, 200},
		"a look":             {connector.Request{Method: http.MethodHead}, 200},
		"no signature":       {connector.Request{Method: http.MethodPost, Body: good.Body}, 401},
		"another address":    {signedRequest(string(good.Body), "https://elsewhere.test/"), 401},
		"another body":       {connector.Request{Method: http.MethodPost, Body: []byte("{}"), Header: good.Header}, 401},
		"no JSON":            {signedRequest("{", c.HookURL), 400},
		"no action":          {signedRequest(`{"action":{"id":"../x"}}`, c.HookURL), 400},
		"another method":     {connector.Request{Method: http.MethodPut}, 405},
	} {
		if got, err := c.Receive(t.Context(), test.request); err != nil || got.Status != test.status {
			t.Errorf("%s: %+v, %v; want %d", name, got, err, test.status)
		}
	}
	elsewhere := &connector.Request{
		HookURL: "https://relay.example/hooks/trello", Body: []byte(`{"action":{"id":"1"}}`),
		Header: http.Header{"X-Trello-Webhook": {"VumqMclXm7/LK8ntqtyV5/KLbFU="}},
	}
	if !signed("secret", elsewhere) {
		t.Error("a signature that was made elsewhere does not fit")
	}
}

func TestSomebodySignsInWhereThereIsNoToken(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"token": nil})
	how, err := c.SignIn(t.Context())
	if err != nil || how == nil || how.Flow != connector.TokenPage || !strings.HasPrefix(how.PageURL, "https://trello.com/1/authorize?") || !strings.Contains(how.PageURL, "key=key") {
		t.Fatalf("%+v, %v", how, err)
	}
	if _, err := c.Poll(t.Context(), nil); connector.KindOf(err) != connector.KindUnauthorised {
		t.Errorf("before the sign-in: %v", err)
	}
	c.Token = token
	if _, err := c.Poll(t.Context(), nil); err != nil {
		t.Errorf("after the sign-in: %v", err)
	}
	if how, err := s.client(nil).SignIn(t.Context()); err != nil || how != nil {
		t.Errorf("with a token: %+v, %v", how, err)
	}
}

// TestCards compares the card of every kind with what it should be.
func TestCards(t *testing.T) {
	golden.Assert(t, connectortest.Samples(t, New().Describe().Kinds), "cards.golden")
}

func TestWhatAChangeOfACardIs(t *testing.T) {
	for data, want := range map[string]string{
		`{"card":{},"old":{"idList":"x"}}`:                               "card_moved",
		`{"card":{"closed":true},"old":{"closed":false}}`:                "card_archived",
		`{"card":{"closed":false},"old":{"closed":true}}`:                "card_unarchived",
		`{"card":{"due":"2026-11-25T12:00:00.000Z"},"old":{"due":null}}`: "due_date_set",
		`{"card":{"due":null},"old":{"due":"2026-11-25T12:00:00.000Z"}}`: "due_date_removed",
		`{"card":{"dueComplete":true},"old":{"dueComplete":false}}`:      "due_date_completed",
		`{"card":{"dueComplete":false},"old":{"dueComplete":true}}`:      "due_date_reopened",
		`{"card":{"name":"b"},"old":{"name":"a"}}`:                       "card_renamed",
		`{"card":{"desc":"b"},"old":{"desc":"a"}}`:                       "card_described",
		`{"card":{"name":"b"},"old":{"pos":1}}`:                          "update_card",
		`{"card":{"name":"b"}}`:                                          "update_card",
		`{}`:                                                             "update_card",
	} {
		a := parseAction(json.RawMessage(`{"id":"a1","type":"updateCard","data":` + data + `}`))
		if got := a.kind(); got != want {
			t.Errorf("%s is %s, want %s", data, got, want)
		}
	}
}

func TestPeopleChooseWhatIsPosted(t *testing.T) {
	const labelled = `{"id":"a1","type":"addLabelToCard","memberCreator":{"username":"ada"},"data":{"list":{"name":"Doing"},"label":{"name":"Bug"}}}`
	for _, test := range []struct {
		name string
		t    Trello
		want bool
	}{
		{"all but noise", Trello{}, true},
		{"a kind", Trello{Choice: kinds.Choice{Kinds: []string{"add_label*"}}}, true},
		{"another kind", Trello{Choice: kinds.Choice{Kinds: []string{"card_moved"}}}, false},
		{"an excluded kind", Trello{Choice: kinds.Choice{Exclude: []string{"*label*"}}}, false},
		{"a member", Trello{Members: []string{"ADA"}}, true},
		{"another member", Trello{Members: []string{"grace"}}, false},
		{"a list", Trello{Lists: []string{"do*"}}, true},
		{"another list", Trello{Lists: []string{"Done"}}, false},
		{"a label", Trello{Labels: []string{"bug"}}, true},
		{"another label", Trello{Labels: []string{"idea"}}, false},
	} {
		if _, got := test.t.event(parseAction(json.RawMessage(labelled))); got != test.want {
			t.Errorf("%s: %t, want %t", test.name, got, test.want)
		}
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte(`{"id":"a1","type":"commentCard","data":` + commented + `}`))
	f.Add([]byte(`{"id":"a1","type":"updateCard","data":{"card":{"name":["x"],"due":"y"},"old":{"due":7}}}`))
	f.Add([]byte(`{"id":"a1","type":"createCard","data":{"card":{"name":"<at>all</at> [x](javascript:y)\u0000"}},"memberCreator":{"fullName":"CARD","avatarUrl":"javascript:x"}}`))
	everything := &Trello{Choice: kinds.Choice{Kinds: []string{"*"}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if e, ok := everything.event(parseAction(raw)); ok {
			connectortest.Harmless(t, e)
		}
	})
}

func TestTheContract(t *testing.T) {
	connectortest.Run(t, New, connectortest.Options{
		Start: func(t *testing.T) map[string]any {
			s := newService(t)
			for range 3 {
				s.happens("commentCard", commented)
			}
			return s.arguments(map[string]any{"initial": 3, "secret": secret})
		},
		Genuine: []connector.Request{{Method: http.MethodHead}, signedRequest(`{"action":{"id":"a1","type":"commentCard","data":`+commented+`}}`, "https://relay.test/hooks/token")},
		Invalid: []connectortest.Invalid{
			{Argument: "board", Value: "../x"},
			{Argument: "key", Value: "a b"},
			{Argument: "token", Value: "a\"b"},
			{Argument: "api", Value: "x"},
			{Argument: "initial", Value: -1},
			{Argument: "kinds", Value: []string{"nonsense"}},
			{Argument: "lists", Value: []string{"["}},
		},
	})
}
