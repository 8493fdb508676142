package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// The relay of these tests writes down what it is told to do.

func (k *kept) did(format string, a ...any) error {
	k.done = append(k.done, fmt.Sprintf(format, a...))
	return k.refuses
}

func (k *kept) Pause(_ context.Context, channel, reason string) error {
	return k.did("pause %s: %s", channel, reason)
}

func (k *kept) Drain(_ context.Context, channel string) error { return k.did("drain %s", channel) }

func (k *kept) Waiting(context.Context, string) ([]operator.Delivery, error) {
	return []operator.Delivery{{ID: 1, Title: "The first", Reason: "the channel is paused"}, {ID: 2, Title: "The second"}}, nil
}

func (k *kept) Payload(context.Context, int64) (operator.Payload, error) {
	return operator.Payload{Body: `{"text":"<b>"}`, Bytes: 14, ContentType: "application/json", Note: "the retry had less"}, k.refuses
}

func (k *kept) Resume(_ context.Context, channel string) error { return k.did("resume %s", channel) }

func (k *kept) Send(_ context.Context, channel string, c card.Card) (operator.Delivery, error) {
	return operator.Delivery{ID: 7}, k.did("send %s: %s", channel, c.Title)
}

func (k *kept) ForgetChannel(_ context.Context, channel string) (int, error) {
	return 3, k.did("forget channel %s", channel)
}

func (k *kept) Poll(_ context.Context, connector string) (operator.PollReport, error) {
	return operator.PollReport{Events: 1, Known: 4}, k.did("poll %s", connector)
}

func (k *kept) DryRun(_ context.Context, connector string) ([]operator.Event, error) {
	return []operator.Event{{Kind: "entry", Because: "seen before", Card: []byte(`{"title":"Found"}`)}}, k.did("dry run %s", connector)
}

func (k *kept) RotateHook(_ context.Context, connector string, grace time.Duration) (operator.Connector, error) {
	return operator.Connector{FormerHook: &operator.FormerHook{Until: now.Add(grace)}}, k.did("rotate %s: %s", connector, grace)
}

func (k *kept) ForgetConnector(_ context.Context, connector string) error {
	return k.did("forget connector %s", connector)
}

func (k *kept) Replay(_ context.Context, s operator.Selection) ([]int64, error) {
	if s.Expected > 0 {
		return make([]int64, s.Expected), k.did("replay %d with %q to %s since %s", s.Expected, s.Text, s.Channel, s.Since.Format(time.DateTime))
	}
	return s.Deliveries, k.did("replay %v", s.Deliveries)
}

func (k *kept) Dismiss(_ context.Context, s operator.Selection) ([]int64, error) {
	return s.Deliveries, k.did("dismiss %v", s.Deliveries)
}

func (k *kept) Reload(context.Context) ([]operator.Change, error) {
	return []operator.Change{{Sort: "channel", Name: "new", Action: operator.Added}}, k.did("reload")
}

func (k *kept) Plan(context.Context) ([]operator.Change, error) {
	return []operator.Change{{Sort: "channel", Name: "old", Action: operator.Removed, Waiting: 3, Warning: "three cards would be stranded"}}, k.refuses
}

func (k *kept) Mutes(context.Context) ([]operator.Mute, error) {
	return []operator.Mute{{ID: 3, Sort: "channel", Name: "lobby", What: "channel lobby", By: "ada", Reason: "a drill", Until: now.Add(time.Hour)}}, nil
}

func (k *kept) Mute(_ context.Context, m operator.Mute) (operator.Mute, error) {
	m.What = m.Sort + " " + m.Name
	return m, k.did("mute %s %s %s until %s: %s", m.Sort, m.Name, m.Condition, m.Until.Format(time.DateTime), m.Reason)
}

func (k *kept) Unmute(_ context.Context, id int64) error { return k.did("unmute %d", id) }

func (k *kept) Rates(context.Context) (operator.Rates, error) {
	return operator.Rates{Events: map[string][]int{"blog": {0, 3, 1}}, Deliveries: map[string][]int{"lobby": {2, 0, 4}}}, nil
}

func (k *kept) Count(_ context.Context, f store.Filter) (operator.Count, error) {
	return operator.Count{Count: 1234}, k.did("count %v with %q to %s since %s", f.States, f.Text, f.Channel, f.Since.Format(time.DateTime))
}

func (k *kept) Configuration(context.Context) ([]operator.File, error) {
	return []operator.File{{Name: "relay.hcl", Lines: slices.Repeat([]string{"relay {", "  # <b>", "}"}, 500)}}, nil
}

func (k *kept) Blocks(context.Context) ([]operator.Block, error) {
	return append(k.blocks, operator.Block{Name: "mine", Owner: "ada@example.com", Problem: "its channel is gone"}), nil
}

func (k *kept) AuditLog(_ context.Context, f store.AuditFilter) ([]operator.Audited, error) {
	var list []operator.Audited
	for id := int64(70); id > 0 && len(list) < f.Limit; id-- {
		if f.Before == 0 || id < f.Before {
			list = append(list, operator.Audited{ID: id, Who: "ada", Action: "pause", Subject: "channel lobby", Outcome: operator.Done})
		}
	}
	return list, nil
}

func (k *kept) Tokens(context.Context) ([]operator.Token, error) {
	return []operator.Token{{Name: "ci", Person: "ada", Scopes: []access.Scope{access.Read}}}, nil
}

func (k *kept) CreateToken(_ context.Context, n operator.NewToken) (operator.Token, error) {
	return operator.Token{Name: n.Name, Scopes: n.Scopes, Secret: "relay_canary"}, k.did("create token %s %v until %s", n.Name, n.Scopes, n.Expires.Format(time.DateOnly))
}

func (k *kept) RevokeToken(_ context.Context, ref operator.TokenRef) error {
	return k.did("revoke token %s of %s", ref.Name, ref.Person)
}

func (k *kept) Preview(_ context.Context, p operator.Paste) (operator.Pasted, error) {
	return operator.Pasted{
		Cards:    []json.RawMessage{[]byte(`{"title":"Pasted"}`)},
		Previews: []operator.Preview{{Card: 1, Type: "slack", Bytes: 20, Used: []operator.Usage{{Unit: "blocks", Used: 3, Most: 50}}, Omitted: []string{"1 fact left out"}, Body: map[string]string{"text": "a < b"}}},
	}, k.did("preview %q or a sample of %s %s", p.Body, p.Type, p.Kind)
}

func (k *kept) TryRoute(_ context.Context, d operator.RouteDraft) (operator.RouteTrial, error) {
	return operator.RouteTrial{
		Flaws:  []operator.Flaw{{Line: 2, Summary: "No such channel"}},
		Events: []operator.RoutedEvent{{Event: 5, Matched: true, Card: []byte(`{"title":"Changed"}`)}, {Kind: "entry", Reason: "when is false", Title: "Left"}},
	}, k.did("try %q on %s", d.Route, d.Connector)
}

func (k *kept) Doctor(_ context.Context, channel string) (operator.Examination, error) {
	return operator.Examination{Channel: channel, Type: "teams", Payload: "card", Trials: []operator.CardTrial{{Number: 1, Payload: "card", Verdict: delivery.VerdictRefused, Status: 404, Detail: "gone"}}}, k.did("examine %s", channel)
}

func (k *kept) Status(context.Context) (operator.Status, error) {
	return operator.Status{Config: "/etc/relay.hcl", Configured: now}, nil
}

func (k *kept) Events(context.Context, store.EventFilter) ([]operator.Fated, error) {
	return []operator.Fated{{Event: operator.Event{ID: 9, Title: "Pushed", Fate: "filtered"}, Reason: "route 1: not on main"}}, nil
}

func (k *kept) Refusals(context.Context, string) ([]store.Refusal, error) {
	return []store.Refusal{{Method: "POST", Status: 400, Reason: "this is not JSON", Count: 12, Remote: "192.0.2.1"}}, nil
}

// submit posts a form as a browser does that runs no scripts, and returns where it is led.
func submit(t *testing.T, address string, form url.Values) (*http.Response, string) {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp, resp.Header.Get("Location")
}

// TestWhatAPageCanDo presses every button of the pages once.
func TestWhatAPageCanDo(t *testing.T) {
	for _, test := range []struct {
		path, form string
		done, to   string
	}{
		{"/channels/dev/pause", "reason=It+is+Sunday", "pause dev: It is Sunday", "/channels/dev"},
		{"/channels/lobby/resume", "", "resume lobby", "/channels/lobby"},
		{"/channels/lobby/drain", "", "drain lobby", "/channels/lobby"},
		{"/channels/lobby/test", "", "send lobby: A test of channel lobby", "/deliveries/7"},
		{"/channels/gone/forget", "", "forget channel gone", "/channels"},
		{"/connectors/blog/poll", "", "poll blog", "/connectors/blog"},
		{"/connectors/blog/rotate", "grace=24h", "rotate blog: 24h0m0s", "/connectors/blog"},
		{"/connectors/gone/forget", "", "forget connector gone", "/connectors"},
		{"/deliveries/7/replay", "", "replay [7]", "/deliveries/7"},
		{"/deliveries/7/dismiss", "", "dismiss [7]", "/deliveries/7"},
		{"/dead-letters/replay?text=x", "id=4&id=5", "replay [4 5]", "/dead-letters?text=x"},
		{"/dead-letters/dismiss", "id=4", "dismiss [4]", "/dead-letters?"},
		{"/mutes", "sort=channel&name=dev&for=1h&reason=drill", "mute channel dev  until 2026-11-03 13:00:00: drill", "/mutes"},
		{"/mutes", "sort=condition&condition=true&for=&until=2026-11-09T08:30", "mute condition  true until 2026-11-09 08:30:00: ", "/mutes"},
		{"/mutes/3/end", "", "unmute 3", "/mutes"},
		{"/tokens/revoke", "name=ci&person=ada", "revoke token ci of ada", "/tokens"},
		{"/configuration/reload", "", "reload", "/configuration"},
		{"/connectors/mine/remove", "revision=3", "remove mine at 3", "/connectors"},
		{"/connectors/mine/take-over", "", "take over mine", "/connectors/mine"},
	} {
		k := &kept{}
		_, s := serve(t, k)
		form, err := url.ParseQuery(test.form)
		if err != nil {
			t.Fatal(err)
		}
		resp, to := submit(t, s.URL+test.path, form)
		if resp.StatusCode != http.StatusSeeOther || to != test.to || !slices.Equal(k.done, []string{test.done}) {
			t.Errorf("%s: %d to %s; done: %q", test.path, resp.StatusCode, to, k.done)
		}
	}
}

// TestWhatAPageDoesNotDo: a form that is wrong, one from another site, and one whose thing
// has changed meanwhile change nothing and lead nowhere.
func TestWhatAPageDoesNotDo(t *testing.T) {
	for _, test := range []struct {
		path, form, origin string
		refuses            error
		status             int
		tried              bool
	}{
		{"/connectors/blog/rotate", "grace=-1h", "", nil, http.StatusUnprocessableEntity, false},
		{"/dead-letters/replay", "", "", nil, http.StatusUnprocessableEntity, false},
		{"/dead-letters/dismiss", "id=all", "", nil, http.StatusUnprocessableEntity, false},
		{"/mutes", "sort=channel&name=dev&for=&until=soon", "", nil, http.StatusUnprocessableEntity, false},
		{"/mutes", "sort=condition&condition=((&for=1h", "", operator.ErrInvalid, http.StatusUnprocessableEntity, true},
		{"/mutes", "sort=channel&name=none&for=1h", "", operator.ErrNotFound, http.StatusUnprocessableEntity, true},
		{"/channels/dev/pause", "", "https://elsewhere.example", nil, http.StatusForbidden, false},
		{"/channels/dev/pause", "", "", operator.ErrForbidden, http.StatusForbidden, true},
		{"/channels/none/pause", "", "", operator.ErrNotFound, http.StatusNotFound, true},
	} {
		k := &kept{refuses: test.refuses}
		_, s := serve(t, k)
		req, err := http.NewRequest(http.MethodPost, s.URL+test.path, strings.NewReader(test.form))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if test.origin != "" {
			req.Header.Set("Origin", test.origin)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != test.status || (len(k.done) > 0) != test.tried {
			t.Errorf("%s %s from %q: %d; done: %q", test.path, test.form, test.origin, resp.StatusCode, k.done)
		}
	}
}

// TestAConnectorsPage shows how the connector stands, what has come, and what was refused.
func TestAConnectorsPage(t *testing.T) {
	k := &kept{}
	_, s := serve(t, k)
	_, page := get(t, s.URL+"/connectors/blog")
	for _, want := range []string{"unauthorised", "Sign in", "Pushed", "route 1: not on main", "POST 400: this is not JSON", "192.0.2.1", ">12<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	resp, err := http.PostForm(s.URL+"/connectors/blog/dry-run", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !slices.Equal(k.done, []string{"dry run blog"}) {
		t.Errorf("a dry run answers %d after %q", resp.StatusCode, k.done)
	}
}

// TestAReloadIsShownBeforehand with what it would strand; and of files that are wrong, what
// is wrong with them.
func TestAReloadIsShownBeforehand(t *testing.T) {
	_, s := serve(t, &kept{})
	if _, page := get(t, s.URL+"/configuration/changes"); !strings.Contains(page, "channel old is gone; 3 cards wait") || !strings.Contains(page, "Three cards would be stranded") {
		t.Error(page)
	}
	_, s = serve(t, &kept{refuses: fmt.Errorf("%w: on relay.hcl line 3", operator.ErrInvalid)})
	if status, page := get(t, s.URL+"/configuration/changes"); status != http.StatusOK || !strings.Contains(page, "on relay.hcl line 3") || strings.Contains(page, "Reload now") {
		t.Errorf("%d %s", status, page)
	}
}

// TestAListOfAThousand is searched, narrowed and turned over like a book.
func TestAListOfAThousand(t *testing.T) {
	k := &kept{}
	for i := range 1000 {
		k.channels = append(k.channels, operator.Channel{Name: fmt.Sprintf("channel-%04d", i), Type: "slack", Lane: delivery.LaneStates()[i%2]})
	}
	_, s := serve(t, k)
	for _, test := range []struct {
		query string
		rows  int
		has   string
		hasNo string
	}{
		{"", 50, "channel-0049", "channel-0050"},
		{"?page=2", 50, "channel-0050", "channel-0049"},
		{"?page=20", 50, "channel-0999", "Next</a>"},
		{"?page=99999999999999999999", 50, "channel-0999", "channel-0000"},
		{"?search=CHANNEL+0123", 1, "channel-0123", "channel-0124"},
		{"?search=none", 0, "No channel matches", "channel-0000"},
		{"?state=backing+off&search=000", 5, "channel-0009", "channel-0008"},
	} {
		_, page := get(t, s.URL+"/channels"+test.query)
		if rows := strings.Count(page, `<tr id="channel-`); rows != test.rows || !strings.Contains(page, test.has) || test.hasNo != "" && strings.Contains(page, test.hasNo) {
			t.Errorf("%s: %d rows", test.query, rows)
		}
		if len(page) > 40_000 {
			t.Errorf("%s: %d bytes", test.query, len(page))
		}
	}
	if _, page := get(t, s.URL+"/"); len(page) > 20_000 || !strings.Contains(page, "All 1000 channels") {
		t.Errorf("the overview has %d bytes", len(page))
	}
}

// TestAllThatMatchIsCountedFirst: what the page has counted is what is changed, by the same
// search; and when it is another number by then, the page counts again.
func TestAllThatMatchIsCountedFirst(t *testing.T) {
	k := &kept{}
	_, s := serve(t, k)
	_, page := get(t, s.URL+"/dead-letters/replay/all?text=build&channel=ops&within=24h&before=3")
	for _, want := range []string{"Replay 1234 dead letters?", `name="expected" value="1234"`, `name="since"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	form := url.Values{"expected": {"1234"}, "text": {"build"}, "channel": {"ops"}, "within": {"24h"}, "since": {now.Add(-24 * time.Hour).Format(time.RFC3339Nano)}}
	resp, to := submit(t, s.URL+"/dead-letters/replay/all", form)
	if resp.StatusCode != http.StatusSeeOther || to != "/dead-letters" {
		t.Errorf("%d to %s", resp.StatusCode, to)
	}
	if want := []string{`count [dead] with "build" to ops since 2026-11-02 12:00:00`, `replay 1234 with "build" to ops since 2026-11-02 12:00:00`}; !slices.Equal(k.done, want) {
		t.Errorf("%q", k.done)
	}
	k.refuses = operator.ErrConflict
	if _, to = submit(t, s.URL+"/dead-letters/replay/all", form); to != "/dead-letters/replay/all?channel=ops&text=build&within=24h" {
		t.Error(to)
	}
	for _, form := range []url.Values{{}, {"expected": {"many"}}, {"expected": {"3"}, "since": {"soon"}}} {
		k.done = nil
		if resp, _ := submit(t, s.URL+"/dead-letters/replay/all", form); resp.StatusCode < 400 || len(k.done) > 0 {
			t.Errorf("%v: %d; %q", form, resp.StatusCode, k.done)
		}
	}
}

// TestADayIsDrawnAndSaid: a sparkline is for the eye, and says the same in words.
func TestADayIsDrawnAndSaid(t *testing.T) {
	_, s := serve(t, &kept{})
	for path, want := range map[string]string{"/channels": `6 <span class="unseen">cards, at most 4 in an hour`, "/connectors": `4 <span class="unseen">events, at most 3 in an hour`} {
		if _, page := get(t, s.URL+path); !strings.Contains(page, want) || strings.Count(page, "v24h-3z") != 1 {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}

// TestAFileIsShownAsItRuns with the number of each line, a thousand at a time, and a link to
// a line leads to the page that has it.
func TestAFileIsShownAsItRuns(t *testing.T) {
	_, s := serve(t, &kept{})
	_, page := get(t, s.URL+"/configuration")
	if !strings.Contains(page, `href="/configuration/file?from=1&amp;name=relay.hcl#L1"`) || !strings.Contains(page, "1500 lines") || !strings.Contains(page, "Its channel is gone") {
		t.Error(page)
	}
	for query, want := range map[string][2]string{
		"name=relay.hcl":             {`<li id="L1" data-line="1">relay {</li>`, `<li id="L1001"`},
		"name=relay.hcl&from=1001":   {`<li id="L1001" data-line="1001">  # &lt;b&gt;</li>`, `<li id="L1000"`},
		"name=relay.hcl&from=999999": {`<li id="L1500"`, `<li id="L1499"`},
		"name=relay.hcl&from=-5":     {`<li id="L1"`, `<li id="L1001"`},
		"name=/etc/passwd":           {"There is no such page", "<li id"},
	} {
		if _, page := get(t, s.URL+"/configuration/file?"+query); !strings.Contains(page, want[0]) || strings.Contains(page, want[1]) {
			t.Errorf("%s does not show %s, or shows %s", query, want[0], want[1])
		}
	}
}

// TestATokenIsShownOnce: on the page that answers, which nothing keeps, and nowhere else.
func TestATokenIsShownOnce(t *testing.T) {
	k := &kept{}
	_, s := serve(t, k)
	resp, err := http.PostForm(s.URL+"/tokens", url.Values{"name": {"ci"}, "scope": {"read", "operate"}, "expires": {"24h"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), `value="relay_canary"`) || resp.Header.Get("Cache-Control") != "no-store" || len(resp.Cookies()) > 0 {
		t.Errorf("%v\n%s", resp.Header, page)
	}
	if want := []string{"create token ci [read operate] until 2026-11-04"}; !slices.Equal(k.done, want) {
		t.Errorf("%q", k.done)
	}
	if _, page := get(t, s.URL+"/tokens"); strings.Contains(page, "canary") || !strings.Contains(page, "ci") {
		t.Error(page)
	}
	k.refuses = fmt.Errorf("%w token: you have one of this name already", operator.ErrInvalid)
	resp, err = http.PostForm(s.URL+"/tokens", url.Values{"name": {"ci"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if page, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(page), "of this name already") || strings.Contains(string(page), "canary") {
		t.Errorf("%d\n%s", resp.StatusCode, page)
	}
}

// TestTheAuditLogIsReadPageByPage from the newest entry on.
func TestTheAuditLogIsReadPageByPage(t *testing.T) {
	_, s := serve(t, &kept{})
	if _, page := get(t, s.URL+"/audit?who=ada"); !strings.Contains(page, `href="?before=21&amp;who=ada"`) || !strings.Contains(page, "pause channel lobby") {
		t.Error(page)
	}
	if _, page := get(t, s.URL+"/audit?who=ada&before=21"); strings.Count(page, `id="entry-`) != 20 || strings.Contains(page, "Older") {
		t.Error(page)
	}
}

// TestThePlayground shows what a form comes to on the page that answers, with no script.
func TestThePlayground(t *testing.T) {
	for _, test := range []struct {
		path string
		form url.Values
		done string
		says []string
	}{
		{"/playground", url.Values{"body": {"{}"}}, `preview "{}" or a sample of  `, []string{"Pasted", "slack", "20 bytes", "3 of 50 blocks", "1 fact left out", "a &lt; b"}},
		{"/playground", url.Values{"body": {"{}"}, "sample": {"shop paid"}}, `preview "" or a sample of shop paid`, []string{`value="shop paid" selected`}},
		{"/playground/route", url.Values{"connector": {"blog"}, "route": {"route {}"}}, `try "route {}" on blog`, []string{"Line 2:", "No such channel", "Changed", "matches", "When is false", "Left"}},
		{"/channels/dev/doctor", nil, "examine dev", []string{"refused", "404", "gone", "as configured"}},
	} {
		k := &kept{}
		_, s := serve(t, k)
		resp, err := http.PostForm(s.URL+test.path, test.form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK || !slices.Equal(k.done, []string{test.done}) {
			t.Errorf("%s: %d after %q", test.path, resp.StatusCode, k.done)
		}
		for _, want := range test.says {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s does not say %q", test.path, want)
			}
		}
		k.refuses = fmt.Errorf("%w: that is no card", operator.ErrInvalid)
		resp, err = http.PostForm(s.URL+test.path, test.form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if page, _ := io.ReadAll(resp.Body); !strings.Contains(string(page), "that is no card") {
			t.Errorf("%s does not say what is wrong", test.path)
		}
	}
}

// TestWhatAChannelGets is shown as it would be sent, or why it cannot be.
func TestWhatAChannelGets(t *testing.T) {
	k := &kept{}
	k.add(`{"text":"x"}`, delivery.Dead)
	_, s := serve(t, k)
	if _, page := get(t, s.URL+"/deliveries/1/payload"); !strings.Contains(page, "&#34;text&#34;: &#34;&lt;b&gt;&#34;") || !strings.Contains(page, "14 bytes") || !strings.Contains(page, "The retry had less") {
		t.Error(page)
	}
	k.refuses = fmt.Errorf("%w: the channel is gone", operator.ErrNotFound)
	if status, page := get(t, s.URL+"/deliveries/1/payload"); status != http.StatusOK || !strings.Contains(page, "the channel is gone") {
		t.Error(status, page)
	}
}
