package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/guard"
	"github.com/connector-relay/relay/relay/store"
)

// heard is a relay that keeps what it was last asked.
type heard struct {
	asked string
	err   error
}

func answered[A any](h *heard, answer A, asked ...any) (A, error) {
	h.asked = fmt.Sprintf("%+v", asked)
	return answer, h.err
}

func (h *heard) Status(context.Context) (operator.Status, error) {
	return answered(h, operator.Status{Version: "v1", Problems: []string{"none"}}, "status")
}

func (h *heard) Problems(context.Context) ([]operator.Problem, error) {
	return answered(h, []operator.Problem{{Subject: "the log", Text: "it is full"}}, "problems")
}

func (h *heard) Connectors(context.Context) ([]operator.Connector, error) {
	return answered(h, []operator.Connector{{Name: "ci", HookURL: "secret", FormerHook: &operator.FormerHook{URL: "secret"}}}, "connectors")
}

func (h *heard) Channels(context.Context) ([]operator.Channel, error) {
	return answered(h, []operator.Channel{{Name: "dev", Lane: delivery.Open}}, "channels")
}

func (h *heard) Plugins(context.Context) ([]operator.Plugin, error) {
	return answered(h, []operator.Plugin{{Name: "rss"}}, "plugins")
}

func (h *heard) PluginLog(_ context.Context, plugin string) ([]operator.LogLine, error) {
	return answered(h, []operator.LogLine{{Level: "info", Text: "hello"}}, "plugin log", plugin)
}

func (h *heard) Deliveries(_ context.Context, f store.Filter) ([]operator.Delivery, error) {
	return answered(h, []operator.Delivery{{ID: 1, State: delivery.Dead}}, "deliveries", f)
}

func (h *heard) Count(_ context.Context, f store.Filter) (operator.Count, error) {
	return answered(h, operator.Count{Count: 7, More: true}, "count", f)
}

func (h *heard) Rates(context.Context) (operator.Rates, error) {
	return answered(h, operator.Rates{Events: map[string][]int{"ci": {1, 2}}, Deliveries: map[string][]int{}}, "rates")
}

func (h *heard) Delivery(_ context.Context, id int64) (operator.Explanation, error) {
	return answered(h, operator.Explanation{Notes: "noted"}, "delivery", id)
}

func (h *heard) Events(_ context.Context, f store.EventFilter) ([]operator.Fated, error) {
	return answered(h, []operator.Fated{{Event: operator.Event{ID: 1}, Deliveries: []store.Standing{{ID: 2}}}}, "events", f)
}

func (h *heard) Refusals(_ context.Context, connector string) ([]store.Refusal, error) {
	return answered(h, []store.Refusal{{Connector: "ci", Status: 422}}, "refusals", connector)
}

func (h *heard) Explain(_ context.Context, ref string) ([]operator.Explanation, error) {
	return answered(h, []operator.Explanation{{Event: operator.Event{ID: 1}, Notes: "noted"}}, "explain", ref)
}

func (h *heard) Send(_ context.Context, channel string, c card.Card) (operator.Delivery, error) {
	return answered(h, operator.Delivery{ID: 1}, "send", channel, c.Title)
}

func (h *heard) Poll(_ context.Context, connector string) (operator.PollReport, error) {
	return answered(h, operator.PollReport{Events: 1, Known: 2}, "poll", connector)
}

func (h *heard) DryRun(_ context.Context, connector string) ([]operator.Event, error) {
	return answered(h, []operator.Event{{Key: "k"}}, "dry run", connector)
}

func (h *heard) SignIn(_ context.Context, connector string) (operator.SignIn, error) {
	return answered(h, operator.SignIn{ID: "7", Code: "ABCD"}, "sign in", connector)
}

func (h *heard) AwaitSignIn(_ context.Context, id string) error {
	_, err := answered(h, 0, "await", id)
	return err
}

func (h *heard) PasteToken(_ context.Context, id, token string) error {
	_, err := answered(h, 0, "paste", id, token)
	return err
}

func (h *heard) PostCard(_ context.Context, connector string, c card.Card) (operator.HookAnswer, error) {
	return answered(h, operator.HookAnswer{Status: 200, Body: "1", Events: []int64{7}}, "post card", connector, c.Title)
}

func (h *heard) AddPicture(_ context.Context, u operator.Upload) (operator.Picture, error) {
	return answered(h, operator.Picture{URL: "https://relay.example.com/pictures/x.png"}, "add picture", u)
}

func (h *heard) RotateHook(_ context.Context, connector string, grace time.Duration) (operator.Connector, error) {
	return answered(h, operator.Connector{Name: "ci"}, "rotate", connector, grace)
}

func (h *heard) ForgetConnector(_ context.Context, connector string) error {
	_, err := answered(h, 0, "forget connector", connector)
	return err
}

func (h *heard) ForgetChannel(_ context.Context, channel string) (int, error) {
	return answered(h, 3, "forget channel", channel)
}

func (h *heard) Pause(_ context.Context, channel, reason string) error {
	_, err := answered(h, 0, "pause", channel, reason)
	return err
}

func (h *heard) Drain(_ context.Context, channel string) error {
	_, err := answered(h, 0, "drain", channel)
	return err
}

func (h *heard) Waiting(_ context.Context, channel string) ([]operator.Delivery, error) {
	return answered(h, []operator.Delivery{{ID: 1}}, "waiting", channel)
}

func (h *heard) Payload(_ context.Context, id int64) (operator.Payload, error) {
	return answered(h, operator.Payload{Body: "<body>"}, "payload", id)
}

func (h *heard) Resume(_ context.Context, channel string) error {
	_, err := answered(h, 0, "resume", channel)
	return err
}

func (h *heard) Me(context.Context) (operator.Me, error) {
	return answered(h, operator.Me{Name: "ada", Role: access.Ops, Teams: []string{}, Scopes: access.Everything()}, "me")
}

func (h *heard) AuditLog(_ context.Context, f store.AuditFilter) ([]operator.Audited, error) {
	return answered(h, []operator.Audited{{ID: 7, Who: "ada"}}, "audit", f)
}

func (h *heard) Tokens(context.Context) ([]operator.Token, error) {
	return answered(h, []operator.Token{{Name: "ci"}}, "tokens")
}

func (h *heard) CreateToken(_ context.Context, t operator.NewToken) (operator.Token, error) {
	return answered(h, operator.Token{Name: "ci", Secret: "relay_X"}, "create token", t)
}

func (h *heard) RevokeToken(_ context.Context, t operator.TokenRef) error {
	_, err := answered(h, 0, "revoke token", t)
	return err
}

func (h *heard) Mutes(context.Context) ([]operator.Mute, error) {
	return answered(h, []operator.Mute{{ID: 7, What: "channel dev"}}, "mutes")
}

func (h *heard) Mute(_ context.Context, m operator.Mute) (operator.Mute, error) {
	return answered(h, operator.Mute{ID: 1, What: "channel dev"}, "mute", m)
}

func (h *heard) Unmute(_ context.Context, id int64) error {
	_, err := answered(h, 0, "unmute", id)
	return err
}

func (h *heard) Replay(_ context.Context, s operator.Selection) ([]int64, error) {
	return answered(h, []int64{1}, "replay", s)
}

func (h *heard) Dismiss(_ context.Context, s operator.Selection) ([]int64, error) {
	return answered(h, []int64{2}, "dismiss", s)
}

func (h *heard) Configuration(context.Context) ([]operator.File, error) {
	return answered(h, []operator.File{{Name: "relay.hcl", Lines: []string{"relay {", "}"}}}, "configuration")
}

func (h *heard) Preview(_ context.Context, p operator.Paste) (operator.Pasted, error) {
	return answered(h, operator.Pasted{Cards: []json.RawMessage{json.RawMessage(`{"title":"<x>"}`)}, Previews: []operator.Preview{{Type: "slack", Body: map[string]any{"text": "a & b"}}}}, "preview", p)
}

func (h *heard) TryRoute(_ context.Context, d operator.RouteDraft) (operator.RouteTrial, error) {
	return answered(h, operator.RouteTrial{Events: []operator.RoutedEvent{{Matched: true}}}, "try route", d)
}

func (h *heard) Doctor(_ context.Context, channel string) (operator.Examination, error) {
	return answered(h, operator.Examination{Trials: []operator.CardTrial{{Number: 1}}}, "doctor", channel)
}

func (h *heard) Plan(context.Context) ([]operator.Change, error) {
	return answered(h, []operator.Change{{Sort: "channel", Name: "dev", Action: operator.Added}}, "plan")
}

func (h *heard) Reload(context.Context) ([]operator.Change, error) {
	return answered(h, []operator.Change{{Sort: "setting", Name: "relay.listen", Is: "x"}}, "reload")
}

// questions is every method of [operator.Relay], with arguments that are not easy to carry.
func questions(ctx context.Context) map[string]func(operator.Relay) (any, error) {
	const name = "a/b c?d"
	since := time.Date(2026, 5, 1, 8, 0, 0, 123, time.UTC)
	none := func(err error) (any, error) { return nil, err }
	all := savedQuestions(ctx)
	maps.Copy(all, map[string]func(operator.Relay) (any, error){
		"Status":     func(r operator.Relay) (any, error) { return r.Status(ctx) },
		"Problems":   func(r operator.Relay) (any, error) { return r.Problems(ctx) },
		"Connectors": func(r operator.Relay) (any, error) { return r.Connectors(ctx) },
		"Channels":   func(r operator.Relay) (any, error) { return r.Channels(ctx) },
		"PluginLog":  func(r operator.Relay) (any, error) { return r.PluginLog(ctx, name) },
		"Plugins":    func(r operator.Relay) (any, error) { return r.Plugins(ctx) },
		"Deliveries": func(r operator.Relay) (any, error) {
			return r.Deliveries(ctx, store.Filter{Channel: name, Connector: "&", Event: 3, States: []delivery.State{delivery.Dead, delivery.Waiting}, Since: since, Until: since, Kind: "k", Verdict: delivery.VerdictFailed, Text: "%", Before: 9, Limit: 5})
		},
		"Count": func(r operator.Relay) (any, error) {
			return r.Count(ctx, store.Filter{Channel: name, Text: "&", Verdict: delivery.VerdictRejected})
		},
		"Rates":    func(r operator.Relay) (any, error) { return r.Rates(ctx) },
		"Delivery": func(r operator.Relay) (any, error) { return r.Delivery(ctx, 7) },
		"Events": func(r operator.Relay) (any, error) {
			return r.Events(ctx, store.EventFilter{Connector: name, Kind: "k", Key: "a=b", Fates: []event.Fate{event.Filtered, event.Routed}, Since: since, Until: since, Text: "%", Before: 9, Limit: 5})
		},
		"Refusals":    func(r operator.Relay) (any, error) { return r.Refusals(ctx, name) },
		"Explain":     func(r operator.Relay) (any, error) { return r.Explain(ctx, name) },
		"Send":        func(r operator.Relay) (any, error) { return r.Send(ctx, name, card.Card{Title: "<Hello>"}) },
		"Poll":        func(r operator.Relay) (any, error) { return r.Poll(ctx, name) },
		"PostCard":    func(r operator.Relay) (any, error) { return r.PostCard(ctx, name, card.Card{Title: "<Hello>"}) },
		"DryRun":      func(r operator.Relay) (any, error) { return r.DryRun(ctx, name) },
		"SignIn":      func(r operator.Relay) (any, error) { return r.SignIn(ctx, name) },
		"AwaitSignIn": func(r operator.Relay) (any, error) { return none(r.AwaitSignIn(ctx, name)) },
		"PasteToken":  func(r operator.Relay) (any, error) { return none(r.PasteToken(ctx, name, "token")) },
		"AddPicture": func(r operator.Relay) (any, error) {
			return r.AddPicture(ctx, operator.Upload{Content: []byte("\x89PNG")})
		},
		"RotateHook":      func(r operator.Relay) (any, error) { return r.RotateHook(ctx, name, 90*time.Minute) },
		"ForgetConnector": func(r operator.Relay) (any, error) { return none(r.ForgetConnector(ctx, name)) },
		"ForgetChannel":   func(r operator.Relay) (any, error) { return r.ForgetChannel(ctx, name) },
		"Pause":           func(r operator.Relay) (any, error) { return none(r.Pause(ctx, name, "it is loud & late")) },
		"Drain":           func(r operator.Relay) (any, error) { return none(r.Drain(ctx, name)) },
		"Waiting":         func(r operator.Relay) (any, error) { return r.Waiting(ctx, name) },
		"Payload":         func(r operator.Relay) (any, error) { return r.Payload(ctx, 7) },
		"Resume":          func(r operator.Relay) (any, error) { return none(r.Resume(ctx, name)) },
		"Mutes":           func(r operator.Relay) (any, error) { return r.Mutes(ctx) },
		"Me":              func(r operator.Relay) (any, error) { return r.Me(ctx) },
		"Tokens":          func(r operator.Relay) (any, error) { return r.Tokens(ctx) },
		"AuditLog": func(r operator.Relay) (any, error) {
			return r.AuditLog(ctx, store.AuditFilter{Who: "a&b", Subject: "channel %", Before: 7, Limit: 5})
		},
		"CreateToken": func(r operator.Relay) (any, error) {
			return r.CreateToken(ctx, operator.NewToken{Name: "ci", Scopes: access.Everything(), Expires: since})
		},
		"RevokeToken": func(r operator.Relay) (any, error) {
			return none(r.RevokeToken(ctx, operator.TokenRef{Name: "ci", Person: "ada"}))
		},
		"Mute": func(r operator.Relay) (any, error) {
			return r.Mute(ctx, operator.Mute{Sort: "condition", Name: name, Condition: `event.kind == "<&>"`, Reason: "%", Until: since})
		},
		"Unmute": func(r operator.Relay) (any, error) { return none(r.Unmute(ctx, 7)) },
		"Replay": func(r operator.Relay) (any, error) {
			return r.Replay(ctx, operator.Selection{Deliveries: []int64{1, 2}})
		},
		"Dismiss": func(r operator.Relay) (any, error) {
			return r.Dismiss(ctx, operator.Selection{Channel: name, All: true, Connector: "&", Kind: "k", Text: "%", Verdict: delivery.VerdictFailed, Since: since, Until: since, Dismissed: true, Expected: 3})
		},
		"Configuration": func(r operator.Relay) (any, error) { return r.Configuration(ctx) },
		"Preview": func(r operator.Relay) (any, error) {
			return r.Preview(ctx, operator.Paste{Body: "{\"a\": 1}", Type: name, Kind: "k"})
		},
		"TryRoute": func(r operator.Relay) (any, error) {
			return r.TryRoute(ctx, operator.RouteDraft{Connector: name, Route: "route {\n}"})
		},
		"Doctor": func(r operator.Relay) (any, error) { return r.Doctor(ctx, name) },
		"Plan":   func(r operator.Relay) (any, error) { return r.Plan(ctx) },
		"Reload": func(r operator.Relay) (any, error) { return r.Reload(ctx) },
	})
	return all
}

// overSocket returns a client for a relay that is served on an operator socket.
func overSocket(t *testing.T, r operator.Relay) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relay.sock")
	n, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: asked(Handler(r), access.Everything()...)}
	go func() { _ = server.Serve(n) }()
	t.Cleanup(func() { _ = server.Close() })
	return Dial(path)
}

// TestEveryQuestionCrossesTheSocket: a client is asked, and answers, as the relay itself.
func TestEveryQuestionCrossesTheSocket(t *testing.T) {
	h := &heard{}
	client := overSocket(t, h)
	all := questions(t.Context())
	for method := range reflect.TypeFor[operator.Relay]().Methods() {
		ask, ok := all[method.Name]
		if !ok {
			t.Errorf("%s is not tested", method.Name)
			continue
		}
		h.err = nil
		want, _ := ask(h)
		asked := h.asked
		h.asked = ""
		got, err := ask(client)
		if err != nil || h.asked != asked {
			t.Errorf("%s: the relay heard %s, want %s (%v)", method.Name, h.asked, asked, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the answer differs (-want +got):\n%s", method.Name, diff)
		}
		for _, meaning := range []error{operator.ErrNotFound, operator.ErrInvalid, operator.ErrForbidden, operator.ErrConflict, operator.ErrBusy} {
			h.err = fmt.Errorf("%w: because", meaning)
			if _, err := ask(client); !errors.Is(err, meaning) || err.Error() != h.err.Error() {
				t.Errorf("%s fails with %v, want %v", method.Name, err, h.err)
			}
		}
	}
}

// asked lets somebody with some scopes ask.
func asked(h http.Handler, scopes ...access.Scope) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.ServeHTTP(w, req.WithContext(access.With(req.Context(), access.Person{Name: "ada", Role: access.Ops, Scopes: scopes})))
	})
}

// TestATokenReachesAsFarAsItsScopes: those that the description tells are those that count.
func TestATokenReachesAsFarAsItsScopes(t *testing.T) {
	h := &heard{}
	guarded := guard.New(guard.Options{
		Relay: h, Estate: func() *guard.Estate { return &guard.Estate{} }, Audit: func(context.Context, operator.Audited) {}, Mask: strings.Clone,
	})
	for _, e := range endpoints() {
		for _, scopes := range [][]access.Scope{nil, {access.Read}, {access.Operate}, {access.Configure}, access.Everything()} {
			h.asked = ""
			method, _ := e.route.cut()
			req := httptest.NewRequest(method, e.route.url("7"), strings.NewReader("{}"))
			req.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			asked(Handler(guarded), scopes...).ServeHTTP(w, req)
			may := slices.Contains(scopes, e.scope)
			if may != (h.asked != "") || may != (w.Code == http.StatusOK) || !may && w.Code != http.StatusForbidden {
				t.Errorf("%s with the scopes %v: %d %s, and the relay heard %q", e.route, scopes, w.Code, w.Body, h.asked)
			}
		}
	}
}

// TestWhatIsLeftOutLeavesNoHole: who sees little gets lists that are short or empty, and
// never null, as the description says.
func TestWhatIsLeftOutLeavesNoHole(t *testing.T) {
	handler := Handler(guard.New(guard.Options{Relay: &heard{}, Estate: func() *guard.Estate { return &guard.Estate{} }, Audit: func(context.Context, operator.Audited) {}, Mask: strings.Clone}))
	for _, e := range endpoints() {
		if e.scope != access.Read {
			continue
		}
		method, _ := e.route.cut()
		req := httptest.NewRequest(method, e.route.url("7"), nil)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req.WithContext(access.With(req.Context(), access.Person{Name: "mia", Role: access.Member, Teams: []string{"red"}, Scopes: access.Everything()})))
		if w.Code == http.StatusOK && strings.Contains(w.Body.String(), "null") {
			t.Errorf("%s: %s", e.route, w.Body)
		}
	}
}

// TestARequestThatMakesNoSenseIsRefused, because the answer to another one would be taken
// for good news, or would change too much.
func TestARequestThatMakesNoSenseIsRefused(t *testing.T) {
	const inJSON = "application/json"
	for name, tt := range map[string]struct {
		method, path, kind, body string
		status                   int
		want                     string
	}{
		"an unknown state":          {method: "GET", path: "/deliveries?state=ded", status: 422, want: `there is no state "ded"; the states are [waiting`},
		"a negative limit":          {method: "GET", path: "/deliveries?limit=-1", status: 422, want: "limit is not a whole number"},
		"words for numbers":         {method: "GET", path: "/deliveries?event=a&before=b", status: 422, want: "event is not a whole number"},
		"an unknown fate":           {method: "GET", path: "/events?fate=lost", status: 422, want: `there is no fate "lost"; the fates are [routed`},
		"a word for a time":         {method: "GET", path: "/events?since=yesterday", status: 422, want: "since is not a time like 2026-05-01T08:00:00Z"},
		"an unknown parameter":      {method: "GET", path: "/deliveries?chanel=dev", status: 422, want: `there is no parameter "chanel" here`},
		"a parameter twice":         {method: "GET", path: "/deliveries?channel=a&channel=b", status: 422, want: "channel is given twice"},
		"a query that is none":      {method: "GET", path: "/deliveries?channel=%zz", status: 422, want: "the query cannot be read"},
		"a delivery without number": {method: "GET", path: "/deliveries/x", status: 404, want: `"x": not found`},
		"an unknown path":           {method: "GET", path: "/chanels", status: 404, want: "/api/v1/openapi.json describes what there is"},
		"a wrong method":            {method: "DELETE", path: "/channels/dev/pause", status: 405, want: "takes POST"},
		"options":                   {method: "OPTIONS", path: "/status", status: 405, want: "takes GET"},
		"a form":                    {method: "POST", path: "/dead-letters/replay", kind: "application/x-www-form-urlencoded", body: "all=1", status: 415, want: "Content-Type: application/json"},
		"no body":                   {method: "POST", path: "/dead-letters/replay", kind: inJSON, status: 422, want: "EOF"},
		"an unknown field":          {method: "POST", path: "/dead-letters/replay", kind: inJSON, body: `{"chanel": "dev"}`, status: 422, want: `unknown field "chanel"`},
		"two values":                {method: "POST", path: "/dead-letters/replay", kind: inJSON, body: `{"channel": "dev"}{}`, status: 422, want: "something follows the JSON value"},
		"half a body":               {method: "POST", path: "/dead-letters/replay", kind: inJSON, body: `{"channel": `, status: 422, want: "unexpected EOF"},
		"a huge body":               {method: "POST", path: "/channels/dev/send", kind: inJSON, body: `{"text": "` + strings.Repeat("x", maxBody) + `"}`, status: 413, want: "larger than 1048576 bytes"},
		"a grace before now":        {method: "POST", path: "/connectors/ci/rotate", kind: inJSON, body: `{"grace": "-1h"}`, status: 422, want: "no duration like 1h30m"},
	} {
		h := &heard{}
		w := httptest.NewRecorder()
		req := httptest.NewRequest(tt.method, root+tt.path, strings.NewReader(tt.body))
		req.Header.Set("Content-Type", tt.kind)
		asked(Handler(h), access.Everything()...).ServeHTTP(w, req)
		var f failure
		if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil || w.Code != tt.status || !strings.Contains(f.Error, tt.want) || h.asked != "" {
			t.Errorf("%s: %d %s, want %d %s; the relay heard %q", name, w.Code, w.Body, tt.status, tt.want, h.asked)
		}
	}
}

// TestNobodyAsksTooMuchAtOnce, and her questions are no one else's trouble.
func TestNobodyAsksTooMuchAtOnce(t *testing.T) {
	c := newCrowd()
	ada, bob := access.With(t.Context(), access.Person{Name: "ada"}), access.With(t.Context(), access.Person{Name: "bob"})
	var leave []func()
	for range mostAtOnce {
		l, err := c.join(ada)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	if _, err := c.join(ada); !errors.Is(err, operator.ErrBusy) {
		t.Errorf("one more is answered %v", err)
	}
	if l, err := c.join(bob); err != nil {
		t.Errorf("somebody else is answered %v", err)
	} else {
		l()
	}
	for _, l := range leave {
		l()
	}
	if l, err := c.join(ada); err != nil || len(c.of) != 1 {
		t.Errorf("afterwards: %v, %v", err, c.of)
	} else {
		l()
	}
}
