package todo

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

func TestWhatHappensToTasksIsPosted(t *testing.T) {
	g := newGraph(t)
	p := g.person(nil)
	for _, id := range []string{"Milk", "Bread", "Salt"} {
		g.task("l1", id, nil)
	}
	p.want() // what was there before is old

	g.task("l1", "Tea", nil)
	g.pass(time.Second)
	g.task("l1", "Milk", done())
	g.pass(time.Second)
	g.task("l1", "Bread", map[string]any{"title": "Rye bread", "importance": "high"})
	p.want("New task: Tea", "Done: Milk", "Changed: Rye bread")
	p.want()

	g.task("l1", "Milk", map[string]any{"status": "notStarted"})
	g.task("l1", "Salt", map[string]any{"categories": []string{"x"}}) // nobody needs to know
	p.want("Open again: Milk")

	g.task("l1", "Salt", deleted())
	p.want() // off by default
}

func TestATaskThatIsDoneTwiceInADayIsPostedTwice(t *testing.T) {
	g := newGraph(t)
	p := g.person(map[string]any{"kinds": []string{"task_completed"}})
	g.task("l1", "Milk", nil)
	p.want()
	keys := make(map[string]bool)
	for range 2 {
		g.pass(time.Hour)
		// Graph tells the day only.
		g.task("l1", "Milk", map[string]any{"status": "completed", "completedDateTime": map[string]any{"dateTime": "2026-11-20T00:00:00.0000000", "timeZone": "UTC"}})
		p.want("Done: Milk")
		keys[p.last.Events()[0].Key] = true
		g.task("l1", "Milk", map[string]any{"status": "notStarted"})
		p.want()
	}
	if len(keys) != 2 {
		t.Errorf("two happenings have the keys %v", keys)
	}
}

func TestWhatIsMadeAndDoneBetweenTwoPollsIsBoth(t *testing.T) {
	g := newGraph(t)
	p := g.person(nil)
	p.want()
	g.pass(time.Hour)
	g.task("l1", "Milk", nil)
	g.pass(time.Minute)
	g.task("l1", "Milk", done())
	p.want("New task: Milk", "Done: Milk")
	if made, done := p.last.Events()[0], p.last.Events()[1]; done.Time.Sub(made.Time) != time.Minute {
		t.Errorf("made at %s and done at %s", made.Time, done.Time)
	}
}

func TestATaskThatIsMovedToAListIsNewThere(t *testing.T) {
	g := newGraph(t)
	p := g.person(nil)
	p.want()
	g.task("l1", "moved", map[string]any{"createdDateTime": g.now().AddDate(0, -3, 0)})
	g.task("l1", "moved when it was done", map[string]any{"status": "completed", "createdDateTime": g.now().AddDate(0, -3, 0)})
	p.want("New task: moved")
}

func TestAChangeSaysWhatChanged(t *testing.T) {
	g := newGraph(t)
	p := g.person(map[string]any{"due_soon": "0s"})
	g.task("l1", "Party", checklist(true, false))
	p.want()
	for _, test := range []struct {
		change map[string]any
		want   string
	}{
		{map[string]any{"title": "Feast"}, "Title: Party → Feast"},
		{due(g.now()), "Due: none → Fri 20 Nov 2026"},
		{map[string]any{"dueDateTime": nil}, "Due: Fri 20 Nov 2026 → none"},
		{map[string]any{"importance": "high"}, "Importance: normal → high"},
		{checklist(true, true, false), "Steps: 1 of 2 → 2 of 3"},
		{map[string]any{"body": map[string]any{"content": "Bring a cake."}}, "Note: changed"},
	} {
		g.pass(time.Minute)
		g.task("l1", "Party", test.change)
		if err := p.poll(); err != nil || len(p.last.Events()) != 1 {
			t.Fatalf("%s: %v, %d events", test.want, err, len(p.last.Events()))
		}
		fact := p.last.Events()[0].Card.Sections[0].Facts[0]
		if got := fact.Name + ": " + fact.Value; got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestADeltaThatLeavesOutWhatIsTheSameChangesNothing(t *testing.T) {
	g := newGraph(t)
	p := g.person(nil)
	g.task("l1", "Party", checklist(true, false))
	g.task("l1", "Party", map[string]any{"importance": "high", "body": map[string]any{"content": "Bring a cake."}})
	p.want()
	g.change(func() {
		g.changes++
		g.tasks["l1"]["Party"] = &thing{g.changes, map[string]any{"id": "Party", "lastModifiedDateTime": g.clock}}
	})
	p.want()
}

func TestAGraphThatDoesNotExpandStepsStillTellsOfTasks(t *testing.T) {
	g := newGraph(t)
	g.trouble = func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("$expand") {
			return false
		}
		refuse(w, http.StatusBadRequest, "invalidRequest")
		return true
	}
	p := g.person(nil)
	p.want()
	g.task("l1", "Milk", checklist(true))
	p.want("New task: Milk")
}

func TestListsAreChosenByName(t *testing.T) {
	g := newGraph(t)
	g.list("l2", "Work/Private")
	p := g.person(map[string]any{"lists": []string{"work*"}})
	p.want()
	g.task("l1", "Milk", nil)
	g.task("l2", "Report", nil)
	p.want("New task: Report")
	g.pass(time.Hour)
	g.list("l3", "Work at home")
	g.task("l3", "Desk", nil)
	p.want("New task: Desk")

	p.configured(map[string]any{"lists": []string{"nothing"}})
	p.want()
	if !strings.Contains(p.last.Note, "none of the 3 lists") {
		t.Errorf("the note says %q", p.last.Note)
	}
}

func TestWhatHappenedToAListThatWasNotWantedStaysOld(t *testing.T) {
	g := newGraph(t)
	g.task("l1", "Milk", nil)
	p := g.person(nil)
	p.want()
	p.configured(map[string]any{"exclude_lists": []string{"groc*"}})
	for n := range 5 {
		g.task("l1", fmt.Sprint("task", n), nil)
		g.pass(time.Hour)
		p.want()
	}
	g.task("l1", "Milk", done())
	p.want()
	p.configured(nil)
	p.want()
	g.pass(time.Hour)
	g.task("l1", "Tea", nil)
	p.want("New task: Tea")
}

func TestListsThemselvesArePostedWhenAskedFor(t *testing.T) {
	g := newGraph(t)
	p := g.person(map[string]any{"kinds": []string{"list_*", "task_deleted"}, "exclude": []string{"*_created"}})
	g.task("l1", "Milk", nil)
	p.want()
	g.list("l2", "Trip")
	g.task("l1", "Milk", deleted())
	p.want("Deleted: Milk")
	keys := make(map[string]bool)
	for _, name := range []string{"Food", "Groceries", "Food"} {
		g.list("l1", name)
		p.want("List renamed: " + name)
		keys[p.last.Events()[0].Key] = true
	}
	if len(keys) != 3 {
		t.Errorf("three happenings have the keys %v", keys)
	}
	g.change(func() {
		g.changes++
		g.lists["l2"] = &thing{g.changes, map[string]any{"id": "l2", "@removed": map[string]any{"reason": "deleted"}}}
	})
	p.want("List deleted: Trip")
}

func TestListsCanBeReadWithoutThePermissionToWrite(t *testing.T) {
	g := newGraph(t)
	g.trouble = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "lists/delta") {
			return false
		}
		refuse(w, http.StatusForbidden, "ErrorAccessDenied")
		return true
	}
	p := g.person(nil)
	p.want()
	g.list("l2", "Trip")
	g.pass(time.Hour)
	g.task("l2", "Tickets", nil)
	p.want("New task: Tickets")
}

func TestTheFirstPollPostsWhatWasAskedFor(t *testing.T) {
	g := newGraph(t)
	for n := range 5 {
		g.pass(time.Minute)
		g.task("l1", fmt.Sprint("task", n), due(g.now()))
	}
	g.task("l1", "task4", done())
	p := g.person(map[string]any{"initial": 2})
	p.want("New task: task2", "New task: task3")
	p.want()
}

func TestACorruptCheckpointIsABaselineAgain(t *testing.T) {
	g := newGraph(t)
	g.task("l1", "Milk", nil)
	p := g.person(nil)
	for _, at := range []string{"{broken", `{"version":99}`, `{"version":1,"state":{"list":{"l1":null}}}`} {
		p.at = event.Checkpoint(at)
		p.want()
	}
	g.pass(time.Hour)
	g.task("l1", "Tea", nil)
	p.want("New task: Tea")
}

func TestAPreviewLooksAsIfNothingWasKnown(t *testing.T) {
	known := event.Checkpoint(`{"version":1,"state":{"polled":"2026-11-01T00:00:00Z","lists":"link"}}`)
	if c := recall(&connector.Poll{Checkpoint: known}); c.Lists != "link" {
		t.Errorf("a poll begins at %+v", c)
	}
	if c := recall(&connector.Poll{Checkpoint: known, Preview: 3}); c.Lists != "" || !c.Polled.IsZero() {
		t.Errorf("a preview begins at %+v", c)
	}
}

func TestManyEventsComeInBatchesThatLoseNothing(t *testing.T) {
	g := newGraph(t)
	p := g.person(nil)
	p.want()
	for n := range 230 {
		g.task("l1", fmt.Sprintf("task%03d", n), nil)
	}
	stored := 0
	polled, err := p.client.PollWith(t.Context(), p.at, func(b event.Batch) error {
		if stored++; stored > 2 {
			return fmt.Errorf("the relay is gone")
		}
		return nil
	})
	if err == nil || string(polled.Checkpoint) != string(p.at) {
		t.Errorf("the checkpoint moved before all was stored: %v", err)
	}
	first := polled.Events()
	if err := p.poll(); err != nil || len(p.last.Events()) != 230 {
		t.Fatalf("%d events come, %v", len(p.last.Events()), err)
	}
	for n, e := range first {
		if again := p.last.Events()[n].Key; again != e.Key {
			t.Errorf("%q comes again as %q", e.Key, again)
		}
	}
}

func TestTheCheckpointForgetsWhatWasLongDone(t *testing.T) {
	g := newGraph(t)
	long := map[string]any{"status": "completed", "createdDateTime": "2020-01-01T00:00:00Z", "completedDateTime": map[string]any{"dateTime": "2020-01-02T00:00:00.0000000", "timeZone": "UTC"}}
	g.task("l1", "long-done", long)
	g.task("l1", "Milk", nil)
	p := g.person(nil)
	p.want()
	g.task("l1", "Milk", done())
	p.want("Done: Milk")
	if at := string(p.at); strings.Contains(at, "long-done") || !strings.Contains(at, "Milk") {
		t.Errorf("it remembers %s", at)
	}
	g.pass(91 * 24 * time.Hour)
	p.want()
	if strings.Contains(string(p.at), "Milk") {
		t.Errorf("it remembers %s", p.at)
	}
	g.task("l1", "Milk", map[string]any{"title": "Sour milk"})
	p.want() // an edit of what is long done is no new task
}

func TestOnePersonSignsInByDeviceCode(t *testing.T) {
	c := connectortest.New(t, New, map[string]any{"client_id": "app", "tenant": "example.com"})
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
	if _, err := c.Poll(t.Context(), nil); connector.KindOf(err) != connector.KindUnauthorised || !strings.Contains(err.Error(), "relay login test") {
		t.Errorf("before the sign-in: %v", err)
	}
}

// signedIn is the connector after a sign-in, for the suite, which knows of none.
type signedIn struct{ Todo }

func (s *signedIn) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	p.Token = "canary-token"
	return s.Todo.Poll(ctx, p)
}

func TestTheContract(t *testing.T) {
	factory := func() connector.Connector { return &signedIn{Todo{now: time.Now}} }
	connectortest.Run(t, factory, connectortest.Options{
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
			{Argument: "login_api", Value: "ftp://x"},
			{Argument: "initial", Value: -1},
			{Argument: "kinds", Value: []string{"nonsense"}},
			{Argument: "exclude", Value: []string{"nonsense"}},
			{Argument: "lists", Value: []string{"["}},
			{Argument: "exclude_lists", Value: []string{"a["}},
			{Argument: "due_soon", Value: "-1h"},
		},
	})
}
