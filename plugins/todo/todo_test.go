package todo

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// graph behaves as Microsoft Graph does for one person: each change has a number, and
// a delta link names the last one that was seen.
type graph struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	changes int
	lists   map[string]*thing
	tasks   map[string]map[string]*thing
	planner []map[string]any
	// oldest is the first change whose delta links still hold.
	oldest int
	// trouble answers the next requests, if it is set.
	trouble   func(w http.ResponseWriter)
	elsewhere string
}

// thing is a list or a task with the number of its last change.
type thing struct {
	change int
	value  map[string]any
}

func newGraph(t *testing.T) *graph {
	g := &graph{t: t, lists: make(map[string]*thing), tasks: make(map[string]map[string]*thing)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1.0/me/todo/lists/delta", func(w http.ResponseWriter, r *http.Request) { g.delta(w, r, g.lists) })
	mux.HandleFunc("GET /v1.0/me/todo/lists/{list}/tasks/delta", func(w http.ResponseWriter, r *http.Request) { g.delta(w, r, g.tasks[r.PathValue("list")]) })
	mux.HandleFunc("GET /v1.0/me/planner/tasks", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{"value": g.planner}) })
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer canary-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if g.trouble != nil {
			g.trouble(w)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	g.list("l1", "Groceries")
	return g
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

// delta answers in pages of two.
func (g *graph) delta(w http.ResponseWriter, r *http.Request, all map[string]*thing) {
	since, _ := strconv.Atoi(r.URL.Query().Get("$deltatoken"))
	from, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
	if since > 0 && since < g.oldest {
		w.WriteHeader(http.StatusGone)
		answer(w, map[string]any{"error": map[string]any{"code": "syncStateNotFound"}})
		return
	}
	var changed []*thing
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].change > since && (since > 0 || all[id].value["@removed"] == nil) {
			changed = append(changed, all[id])
		}
	}
	values := []any{}
	end := min(from+2, len(changed))
	for _, c := range changed[from:end] {
		values = append(values, c.value)
	}
	base := g.URL + g.elsewhere + r.URL.Path
	page := map[string]any{"value": values}
	if end < len(changed) {
		page["@odata.nextLink"] = fmt.Sprintf("%s?$deltatoken=%d&$skiptoken=%d", base, since, end)
	} else {
		page["@odata.deltaLink"] = fmt.Sprintf("%s?$deltatoken=%d", base, g.changes)
	}
	answer(w, page)
}

func (g *graph) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func (g *graph) list(id, name string) {
	g.change(func() {
		g.changes++
		g.lists[id] = &thing{g.changes, map[string]any{"id": id, "displayName": name}}
		if g.tasks[id] == nil {
			g.tasks[id] = make(map[string]*thing)
		}
	})
}

// task makes or changes a task of a list.
func (g *graph) task(list, id string, members map[string]any) {
	g.change(func() {
		g.changes++
		value := map[string]any{"id": id, "title": id, "status": "notStarted", "importance": "normal", "createdDateTime": time.Now().UTC()}
		if old := g.tasks[list][id]; old != nil {
			value = maps.Clone(old.value)
		}
		maps.Copy(value, members)
		value["lastModifiedDateTime"] = time.Now().UTC()
		g.tasks[list][id] = &thing{g.changes, value}
	})
}

func due(day time.Time) map[string]any {
	return map[string]any{"dueDateTime": map[string]any{"dateTime": day.Format(time.DateOnly) + "T00:00:00.0000000", "timeZone": "UTC"}}
}

func (g *graph) arguments(more map[string]any) map[string]any {
	all := map[string]any{"client_id": "app", "api": g.URL, "login_api": g.URL}
	maps.Copy(all, more)
	return all
}

func (g *graph) client(more map[string]any) *connectortest.Client {
	c := connectortest.New(g.t, New(), g.arguments(more))
	c.Token = "canary-token"
	return c
}

func (g *graph) poll(c *connectortest.Client, at event.Checkpoint) connectortest.Polled {
	g.t.Helper()
	p, err := c.Poll(g.t.Context(), at)
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

func want(t *testing.T, p connectortest.Polled, titles ...string) {
	t.Helper()
	var got []string
	for _, e := range p.Events() {
		got = append(got, e.Card.Title)
	}
	slices.Sort(got)
	slices.Sort(titles)
	if !slices.Equal(got, titles) {
		t.Errorf("got %q, want %q", got, titles)
	}
}

func TestWhatHappensToTasksIsPosted(t *testing.T) {
	g := newGraph(t)
	c := g.client(nil)
	for _, id := range []string{"Milk", "Bread", "Salt"} {
		g.task("l1", id, nil)
	}
	p := g.poll(c, nil)
	want(t, p) // what was there before is old

	g.task("l1", "Tea", nil)
	g.task("l1", "Milk", map[string]any{"status": "completed"})
	g.task("l1", "Bread", map[string]any{"title": "Rye bread", "importance": "high"})
	p = g.poll(c, p.Checkpoint)
	want(t, p, "New task: Tea", "Done: Milk", "Changed: Rye bread")
	p = g.poll(c, p.Checkpoint)
	want(t, p)

	g.task("l1", "Milk", map[string]any{"status": "notStarted"})
	g.task("l1", "Salt", map[string]any{"categories": []string{"x"}}) // nobody needs to know
	p = g.poll(c, p.Checkpoint)
	want(t, p, "Open again: Milk")

	g.task("l1", "Salt", map[string]any{"@removed": map[string]any{"reason": "deleted"}})
	want(t, g.poll(c, p.Checkpoint)) // off by default
}

func TestListsAreChosenByName(t *testing.T) {
	g := newGraph(t)
	g.list("l2", "Work/Private")
	c := g.client(map[string]any{"lists": []string{"work*"}})
	p := g.poll(c, nil)
	g.task("l1", "Milk", nil)
	g.task("l2", "Report", nil)
	p = g.poll(c, p.Checkpoint)
	want(t, p, "New task: Report")
	g.list("l3", "Work at home")
	g.task("l3", "Desk", nil)
	want(t, g.poll(c, p.Checkpoint), "New task: Desk")
}

func TestListsThemselvesArePostedWhenAskedFor(t *testing.T) {
	g := newGraph(t)
	c := g.client(map[string]any{"kinds": []string{"list_*", "task_deleted"}})
	g.task("l1", "Milk", nil)
	p := g.poll(c, nil)
	g.list("l2", "Trip")
	g.list("l1", "Food")
	g.task("l1", "Milk", map[string]any{"@removed": map[string]any{"reason": "deleted"}})
	p = g.poll(c, p.Checkpoint)
	want(t, p, "New list: Trip", "List renamed: Food", "Deleted: Milk")
	g.change(func() {
		g.changes++
		g.lists["l2"] = &thing{g.changes, map[string]any{"id": "l2", "@removed": map[string]any{"reason": "deleted"}}}
	})
	want(t, g.poll(c, p.Checkpoint), "List deleted: Trip")
}

func TestATaskIsAnnouncedOnceForEachDueDate(t *testing.T) {
	g := newGraph(t)
	c := g.client(map[string]any{"due_soon": "48h"})
	today := time.Now().UTC()
	g.task("l1", "Old", due(today))
	p := g.poll(c, nil)
	want(t, p)
	g.task("l1", "Soon", due(today.AddDate(0, 0, 1)))
	g.task("l1", "Later", due(today.AddDate(0, 0, 9)))
	g.task("l1", "Over", due(today.AddDate(0, 0, -3)))
	g.task("l1", "Nonsense", map[string]any{"dueDateTime": map[string]any{"dateTime": "when I like"}})
	p = g.poll(c, p.Checkpoint)
	want(t, p, "New task: Soon", "New task: Later", "New task: Over", "New task: Nonsense", "Due soon: Soon")
	p = g.poll(c, p.Checkpoint)
	want(t, p)
	g.task("l1", "Later", due(today))
	p = g.poll(c, p.Checkpoint)
	want(t, p, "Changed: Later", "Due soon: Later")
}

func TestAfterAResyncOnlyWhatIsNewIsPosted(t *testing.T) {
	g := newGraph(t)
	c := g.client(nil)
	for n := range 7 {
		g.task("l1", fmt.Sprint("old", n), nil)
	}
	p := g.poll(c, nil)
	g.task("l1", "old3", map[string]any{"status": "completed"})
	g.task("l1", "fresh", nil)
	g.task("l1", "ancient", map[string]any{"createdDateTime": time.Now().AddDate(-1, 0, 0)})
	g.change(func() { g.oldest = g.changes + 1 })
	p = g.poll(c, p.Checkpoint)
	want(t, p, "Done: old3", "New task: fresh")
	g.change(func() { g.oldest = 0 })
	want(t, g.poll(c, p.Checkpoint))
}

func TestWhatWasAssignedInPlannerIsPostedWhenAskedFor(t *testing.T) {
	g := newGraph(t)
	c := g.client(map[string]any{"assigned": true})
	g.planner = []map[string]any{{"id": "p1", "title": "Old"}}
	p := g.poll(c, nil)
	g.change(func() {
		g.planner = append(g.planner, map[string]any{"id": "p2", "title": "Review", "dueDateTime": "2026-11-25T10:00:00Z"}, map[string]any{"id": "p3", "title": "Done already", "percentComplete": 100})
	})
	p = g.poll(c, p.Checkpoint)
	want(t, p, "Assigned: Review")
	want(t, g.poll(c, p.Checkpoint))
}

func TestGraphsErrorsHaveTheirKinds(t *testing.T) {
	for _, test := range []struct {
		status int
		want   connector.ErrorKind
	}{
		{401, connector.KindUnauthorised},
		{403, connector.KindUnauthorised},
		{429, connector.KindThrottled},
		{503, connector.KindTemporary},
		{410, connector.KindTemporary},
		{500, connector.KindTemporary},
		{200, connector.KindTemporary},
	} {
		g := newGraph(t)
		g.trouble = func(w http.ResponseWriter) { w.WriteHeader(test.status); _, _ = w.Write([]byte(`{"error":`)) }
		_, err := g.client(nil).Poll(t.Context(), nil)
		if connector.KindOf(err) != test.want || err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d: %v (%s), want %s", test.status, err, connector.KindOf(err), test.want)
		}
	}
}

func TestTheTokenGoesToGraphOnly(t *testing.T) {
	g := newGraph(t)
	g.elsewhere = "@evil.test"
	if _, err := g.client(nil).Poll(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "links to another place") {
		t.Errorf("followed a link elsewhere: %v", err)
	}
}

func TestOnePersonSignsInByDeviceCode(t *testing.T) {
	c := connectortest.New(t, New(), map[string]any{"client_id": "app", "tenant": "example.com"})
	how, err := c.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := &connector.SignIn{
		Flow: connector.DeviceCode, ClientID: "app", Scopes: []string{"Tasks.Read", "offline_access"},
		DeviceURL: "https://login.microsoftonline.com/example.com/oauth2/v2.0/devicecode", TokenURL: "https://login.microsoftonline.com/example.com/oauth2/v2.0/token",
		Hint: "Sign in as the person whose lists to post.",
	}
	if diff := cmp.Diff(want, how); diff != "" {
		t.Error(diff)
	}
	if _, err := c.Poll(t.Context(), nil); connector.KindOf(err) != connector.KindUnauthorised {
		t.Errorf("before the sign-in: %v", err)
	}
}

// TestCards compares the card of every kind with what it should be.
func TestCards(t *testing.T) {
	var out bytes.Buffer
	for _, k := range describedKinds() {
		b, err := json.MarshalIndent(k.Sample.Card, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s\n%s\n", k.Name, b)
	}
	const file = "testdata/cards.golden"
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), out.String()); diff != "" {
		t.Error(diff)
	}
}

func FuzzTask(f *testing.F) {
	f.Add([]byte(`{"id":"a","title":"Milk","body":{"content":"<p>Two <b>litres</b><script>x</script></p>","contentType":"html"}}`))
	f.Add([]byte(`{"id":"a","title":["x"],"createdDateTime":"never","dueDateTime":{"dateTime":"2026-02-30T"},"body":7}`))
	f.Add([]byte(`{"id":"a/../b","title":"<at>all</at> [x](javascript:y)\u0000","importance":"high"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		task, ok := parseTask(raw)
		if !ok {
			return
		}
		w := &watch{todo: &Todo{Kinds: []string{"*"}}, at: checkpoint{Polled: time.Unix(1, 0)}, now: time.Now(), zone: time.UTC}
		w.task(&list{Name: "l", Delta: "x", Tasks: make(map[string]state)}, task)
		for _, e := range w.found {
			b, err := e.Card.MarshalJSON()
			if err := e.Card.Validate(); err != nil {
				t.Errorf("%s: %v", raw, err)
			}
			if err != nil || !json.Valid(e.Data) || bytes.Contains(b, []byte("<at>")) || bytes.Contains(b, []byte(`"javascript:`)) {
				t.Errorf("%s gives %s with %s, %v", raw, b, e.Data, err)
			}
		}
	})
}

// signedIn is the connector after a sign-in, for the suite, which knows of none.
type signedIn struct{ Todo }

func (s *signedIn) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	p.Token = "canary-token"
	return s.Todo.Poll(ctx, p)
}

func TestTheContract(t *testing.T) {
	connectortest.Run(t, func() connector.Connector { return &signedIn{} }, connectortest.Options{
		Start: func(t *testing.T) map[string]any {
			g := newGraph(t)
			for n := range 3 {
				g.task("l1", fmt.Sprint("task", n), nil)
			}
			return g.arguments(map[string]any{"initial": 3})
		},
		Invalid: []connectortest.Invalid{
			{Argument: "client_id", Value: "a b"},
			{Argument: "tenant", Value: "a/b"},
			{Argument: "timezone", Value: "Nowhere"},
			{Argument: "api", Value: "x"},
			{Argument: "initial", Value: -1},
			{Argument: "kinds", Value: []string{"nonsense"}},
			{Argument: "lists", Value: []string{"["}},
			{Argument: "due_soon", Value: "-1h"},
		},
	})
}
