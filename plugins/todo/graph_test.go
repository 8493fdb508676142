package todo

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

// graph behaves as Microsoft Graph does for one person: each change has a number, and
// a delta link names the last one that was seen.
type graph struct {
	*httptest.Server
	t testing.TB

	mu      sync.Mutex
	clock   time.Time
	changes int
	lists   map[string]*thing
	tasks   map[string]map[string]*thing
	planner []map[string]any
	// oldest is the first change whose delta links still hold; later ones are
	// answered with gone and its code.
	oldest   int
	gone     int
	goneCode string
	// trouble answers a request when it returns true.
	trouble   func(w http.ResponseWriter, r *http.Request) bool
	elsewhere string
}

// thing is a list or a task with the number of its last change.
type thing struct {
	change int
	value  map[string]any
}

func newGraph(t testing.TB) *graph {
	g := &graph{
		t: t, lists: make(map[string]*thing), tasks: make(map[string]map[string]*thing), gone: http.StatusGone, goneCode: "SyncStateNotFound",
		clock: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1.0/me/todo/lists/delta", func(w http.ResponseWriter, r *http.Request) { g.delta(w, r, g.lists) })
	mux.HandleFunc("GET /v1.0/me/todo/lists/{list}/tasks/delta", func(w http.ResponseWriter, r *http.Request) { g.delta(w, r, g.tasks[r.PathValue("list")]) })
	mux.HandleFunc("GET /v1.0/me/todo/lists", func(w http.ResponseWriter, _ *http.Request) {
		values := []any{}
		for _, id := range slices.Sorted(maps.Keys(g.lists)) {
			if g.lists[id].value["@removed"] == nil {
				values = append(values, g.lists[id].value)
			}
		}
		answer(w, map[string]any{"value": values})
	})
	mux.HandleFunc("GET /v1.0/me/planner/tasks", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{"value": g.planner}) })
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		switch {
		case r.Header.Get("Authorization") != "Bearer canary-token":
			w.WriteHeader(http.StatusUnauthorized)
		case g.trouble == nil || !g.trouble(w, r):
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(g.Close)
	g.list("l1", "Groceries")
	return g
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	answer(w, map[string]any{"error": map[string]any{"code": code, "message": "canary-message"}})
}

// delta answers in pages of two. What the first request asks for besides is part of
// the links, as it is with Graph.
func (g *graph) delta(w http.ResponseWriter, r *http.Request, all map[string]*thing) {
	if all == nil {
		refuse(w, http.StatusNotFound, "ErrorItemNotFound")
		return
	}
	query := r.URL.Query()
	since, _ := strconv.Atoi(query.Get("$deltatoken"))
	from, _ := strconv.Atoi(query.Get("$skiptoken"))
	if since > 0 && since < g.oldest {
		refuse(w, g.gone, g.goneCode)
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
		value := maps.Clone(c.value)
		if query.Get("$expand") != "checklistItems" {
			delete(value, "checklistItems")
		}
		values = append(values, value)
	}
	base := g.URL + g.elsewhere + r.URL.Path + "?"
	if query.Has("$expand") {
		base += "$expand=" + query.Get("$expand") + "&"
	}
	page := map[string]any{"value": values}
	if end < len(changed) {
		page["@odata.nextLink"] = fmt.Sprintf("%s$deltatoken=%d&$skiptoken=%d", base, since, end)
	} else {
		page["@odata.deltaLink"] = fmt.Sprintf("%s$deltatoken=%d", base, g.changes)
	}
	answer(w, page)
}

func (g *graph) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func (g *graph) now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.clock
}

// pass lets time go by.
func (g *graph) pass(d time.Duration) { g.change(func() { g.clock = g.clock.Add(d) }) }

// expire makes all delta links that were given so far old.
func (g *graph) expire() {
	g.change(func() {
		g.changes++
		g.oldest = g.changes
	})
}

func (g *graph) list(id, name string) {
	g.change(func() {
		g.changes++
		g.lists[id] = &thing{g.changes, map[string]any{"id": id, "displayName": name, "@odata.etag": fmt.Sprintf(`W/"%d"`, g.changes)}}
		if g.tasks[id] == nil {
			g.tasks[id] = make(map[string]*thing)
		}
	})
}

// task makes or changes a task of a list.
func (g *graph) task(list, id string, members map[string]any) {
	g.change(func() {
		g.changes++
		value := map[string]any{"id": id, "title": id, "status": "notStarted", "importance": "normal", "createdDateTime": g.clock}
		if old := g.tasks[list][id]; old != nil {
			value = maps.Clone(old.value)
		}
		maps.Copy(value, members)
		value["lastModifiedDateTime"] = g.clock
		g.tasks[list][id] = &thing{g.changes, value}
	})
}

// deleted is what Graph tells of something that was deleted.
func deleted() map[string]any { return map[string]any{"@removed": map[string]any{"reason": "deleted"}} }

func done() map[string]any { return map[string]any{"status": "completed"} }

// due is a due date that a program wrote: it has no hour.
func due(day time.Time) map[string]any { return dueAt(day.Format(time.DateOnly) + "T00:00:00.0000000") }

func dueAt(moment string) map[string]any {
	return map[string]any{"dueDateTime": map[string]any{"dateTime": moment, "timeZone": "UTC"}}
}

// checklist is a task's steps.
func checklist(checked ...bool) map[string]any {
	list := []any{}
	for n, c := range checked {
		list = append(list, map[string]any{"id": fmt.Sprint(n), "displayName": fmt.Sprint("step ", n), "isChecked": c})
	}
	return map[string]any{"checklistItems": list}
}

func (g *graph) arguments(more map[string]any) map[string]any {
	all := map[string]any{"client_id": "app", "api": g.URL, "login_api": g.URL}
	maps.Copy(all, more)
	return all
}

// person is one whose lists are polled again and again, as the relay does.
type person struct {
	g      *graph
	client *connectortest.Client
	at     event.Checkpoint
	// last is what the last poll gave.
	last connectortest.Polled
}

func (g *graph) person(more map[string]any) *person {
	c := connectortest.New(g.t, func() connector.Connector { return &Todo{now: g.now} }, g.arguments(more))
	c.Token = "canary-token"
	return &person{g: g, client: c}
}

// configured goes on with other arguments.
func (p *person) configured(more map[string]any) { p.client.Arguments = p.g.arguments(more) }

func (p *person) poll() error {
	p.g.t.Helper()
	var err error
	p.last, err = p.client.Poll(p.g.t.Context(), p.at)
	p.at = p.last.Checkpoint
	for _, e := range p.last.Events() {
		if err := e.Card.Validate(); err != nil {
			p.g.t.Errorf("%s: %v", e.Key, err)
		}
	}
	return err
}

// want polls and compares the headlines of what is posted, which come in order of
// time.
func (p *person) want(titles ...string) {
	p.g.t.Helper()
	if err := p.poll(); err != nil {
		p.g.t.Error(err)
	}
	p.posted(titles...)
}

func (p *person) posted(titles ...string) {
	p.g.t.Helper()
	got := []string{}
	for _, e := range p.last.Events() {
		got = append(got, e.Card.Headline())
	}
	if diff := cmp.Diff(append([]string{}, titles...), got); diff != "" {
		p.g.t.Errorf("posted (-want +got):\n%s", diff)
	}
}
