package todo

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

func TestAfterAResyncOnlyWhatIsNewIsPosted(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
	}{
		{http.StatusGone, "syncStateNotFound"},
		{http.StatusGone, ""},
		{http.StatusNotFound, "ResyncRequired"},
		{http.StatusBadRequest, "badRequest"},
	} {
		t.Run(fmt.Sprint(test.status, test.code), func(t *testing.T) {
			g := newGraph(t)
			g.gone, g.goneCode = test.status, test.code
			p := g.person(nil)
			for n := range 7 {
				g.task("l1", fmt.Sprint("old", n), nil)
			}
			p.want()
			g.task("l1", "fresh by another clock", map[string]any{"createdDateTime": g.now().Add(-30 * time.Second)})
			g.pass(time.Hour)
			g.task("l1", "ancient", map[string]any{"createdDateTime": g.now().AddDate(-1, 0, 0)})
			g.task("l1", "fresh", nil)
			g.pass(time.Minute)
			g.task("l1", "old3", done())
			g.expire()
			p.want("New task: fresh by another clock", "New task: fresh", "Done: old3")
			p.want()
		})
	}
}

func TestWhatWasDeletedBeforeAResyncIsForgotten(t *testing.T) {
	g := newGraph(t)
	g.list("l2", "Trip")
	g.task("l1", "Milk", due(g.now().AddDate(0, 0, 3)))
	g.task("l2", "Tickets", due(g.now().AddDate(0, 0, 3)))
	p := g.person(nil)
	p.want()
	g.task("l1", "Milk", deleted())
	g.change(func() {
		delete(g.lists, "l2")
		delete(g.tasks, "l2")
	})
	g.expire()
	p.want()
	if p.last.Note != "" {
		t.Errorf("the note says %q", p.last.Note)
	}
	g.pass(3 * 24 * time.Hour)
	p.want() // neither is due
}

func TestAGraphThatAlwaysBeginsAnewIsLeftAlone(t *testing.T) {
	g := newGraph(t)
	p := g.person(nil)
	p.want()
	asked := 0
	g.trouble = func(w http.ResponseWriter, _ *http.Request) bool {
		asked++
		refuse(w, http.StatusGone, "resyncRequired")
		return true
	}
	if err := p.poll(); connector.KindOf(err) != connector.KindTemporary || err == nil || asked > 5 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestGraphsErrorsHaveTheirKinds(t *testing.T) {
	for _, test := range []struct {
		status int
		wait   string
		want   connector.ErrorKind
	}{
		{status: 401, want: connector.KindUnauthorised},
		{status: 403, want: connector.KindUnauthorised},
		{status: 404, want: connector.KindTemporary},
		{status: 410, want: connector.KindTemporary},
		{status: 429, want: connector.KindThrottled},
		{status: 429, wait: "600", want: connector.KindThrottled},
		{status: 500, want: connector.KindTemporary},
		{status: 503, want: connector.KindTemporary},
		{status: 503, wait: "600", want: connector.KindThrottled},
	} {
		g := newGraph(t)
		g.trouble = func(w http.ResponseWriter, _ *http.Request) bool {
			if test.wait != "" {
				w.Header().Set("Retry-After", test.wait)
			}
			refuse(w, test.status, "canary code")
			return true
		}
		p := g.person(nil)
		err := p.poll()
		if err == nil || connector.KindOf(err) != test.want || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d: %v (%s), want %s", test.status, err, connector.KindOf(err), test.want)
		}
	}
}

func TestGraphIsLeftAloneForAMinuteAtLeast(t *testing.T) {
	for wait, want := range map[string]time.Duration{"": time.Minute, "5": time.Minute, "600": 10 * time.Minute} {
		g := newGraph(t)
		g.trouble = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", wait)
			refuse(w, http.StatusTooManyRequests, "TooManyRequests")
			return true
		}
		before := time.Now()
		e, ok := errors.AsType[*connector.Error](g.person(nil).poll())
		if !ok || e.Until.Before(before.Add(want)) || e.Until.After(time.Now().Add(want)) {
			t.Errorf("%q: %+v, want %s", wait, e, want)
		}
	}
}

func TestAnErrorNamesGraphsCode(t *testing.T) {
	g := newGraph(t)
	g.trouble = func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, http.StatusNotFound, "MailboxNotEnabledForRESTAPI")
		return true
	}
	p := g.person(nil)
	if err := p.poll(); err == nil || !strings.Contains(err.Error(), "mailboxnotenabledforrestapi") {
		t.Error(err)
	}
}

func TestAListThatFailsHoldsUpNoOther(t *testing.T) {
	g := newGraph(t)
	g.list("l0", "Flagged email")
	p := g.person(nil)
	broken := func(status int) {
		g.change(func() {
			g.trouble = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "/l0/") {
					return false
				}
				refuse(w, status, "unknownError")
				return true
			}
		})
	}
	broken(500)
	if err := p.poll(); err == nil || !strings.Contains(err.Error(), `"Flagged email"`) {
		t.Errorf("the error does not name the list: %v", err)
	}
	g.pass(time.Hour)
	g.task("l1", "Milk", nil)
	if err := p.poll(); err == nil {
		t.Error("a list that fails is no error")
	}
	p.posted("New task: Milk")

	broken(404)
	g.task("l1", "Tea", nil)
	p.want("New task: Tea")
	if !strings.Contains(p.last.Note, `"Flagged email"`) {
		t.Errorf("the note says %q", p.last.Note)
	}
	g.change(func() { g.trouble = nil })
	p.want()
}

func TestWhatWasFoundBeforeGraphAskedForPatienceIsPosted(t *testing.T) {
	g := newGraph(t)
	g.list("l2", "Trip")
	p := g.person(nil)
	p.want()
	g.pass(time.Hour)
	g.task("l1", "Milk", nil)
	g.task("l2", "Tickets", nil)
	g.change(func() {
		g.trouble = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/l2/") {
				return false
			}
			refuse(w, http.StatusTooManyRequests, "tooManyRequests")
			return true
		}
	})
	if err := p.poll(); connector.KindOf(err) != connector.KindThrottled {
		t.Error(err)
	}
	p.posted("New task: Milk")
	g.change(func() { g.trouble = nil })
	p.want("New task: Tickets")
}

func TestTheTokenGoesToGraphOnly(t *testing.T) {
	g := newGraph(t)
	for _, elsewhere := range []string{"@evil.test", ".evil.test"} {
		g.change(func() { g.elsewhere = elsewhere })
		p := g.person(nil)
		if err := p.poll(); err == nil || !strings.Contains(err.Error(), "outside of its own address") {
			t.Errorf("followed a link elsewhere: %v", err)
		}
	}
}

func TestHostileAnswersAreErrorsOrNothing(t *testing.T) {
	loop := func(g *graph) string {
		return `{"value":[],"@odata.nextLink":"` + g.URL + `/v1.0/me/todo/lists/delta"}`
	}
	for name, body := range map[string]func(*graph) string{
		"no JSON":           func(*graph) string { return "<html>canary</html>" },
		"a list":            func(*graph) string { return "[]" },
		"values of no list": func(*graph) string { return `{"value":{}}` },
		"pages without end": loop,
		"nothing":           func(*graph) string { return "" },
	} {
		g := newGraph(t)
		g.trouble = func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write([]byte(body(g)))
			return true
		}
		p := g.person(nil)
		if err := p.poll(); err == nil || len(p.last.Events()) > 0 || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostileTasksSpoilNoOther(t *testing.T) {
	g := newGraph(t)
	p := g.person(map[string]any{"kinds": []string{"*"}})
	p.want()
	g.pass(time.Hour)
	for id, value := range map[string]map[string]any{
		"a": nil,
		"b": {},
		"c": {"id": 7, "title": "number"},
		"d": {"id": strings.Repeat("x", 2000), "title": "long"},
		"e": {"id": "e", "title": []int{1}, "status": 5, "body": "text", "checklistItems": "none", "@removed": nil, "createdDateTime": g.now()},
		"f": {"id": "f", "title": nil, "categories": map[string]any{}, "dueDateTime": "2026", "createdDateTime": g.now()},
	} {
		g.change(func() {
			g.changes++
			g.tasks["l1"][id] = &thing{g.changes, value}
		})
	}
	g.pass(time.Second)
	g.task("l1", "Milk", nil)
	p.want("New task: untitled", "New task: untitled", "New task: Milk")
}
