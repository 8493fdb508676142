package todo

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestATaskIsAnnouncedOnceForEachDueDate(t *testing.T) {
	g := newGraph(t)
	p := g.person(map[string]any{"due_soon": "48h", "kinds": []string{"task_due_soon"}})
	today := g.now()
	g.task("l1", "Old", due(today))
	p.want()
	g.task("l1", "Soon", due(today.AddDate(0, 0, 1)))
	g.task("l1", "Later", due(today.AddDate(0, 0, 9)))
	g.task("l1", "Over", due(today.AddDate(0, 0, -3)))
	g.task("l1", "Done already", due(today))
	g.task("l1", "Done already", done())
	g.task("l1", "Nonsense", dueAt("when I like"))
	p.want("Due soon: Soon")
	p.want()
	g.task("l1", "Later", due(today.AddDate(0, 0, 4)))
	p.want()
	// Nothing changes but the day.
	g.pass(2*24*time.Hour + 15*time.Hour)
	p.want("Due soon: Later")
	p.want()
	g.task("l1", "Later", due(today.AddDate(0, 0, 3)))
	p.want("Due soon: Later")
}

func TestNothingIsDueSoonWhenThatIsOff(t *testing.T) {
	g := newGraph(t)
	p := g.person(map[string]any{"due_soon": "0s"})
	p.want()
	g.task("l1", "Milk", due(g.now()))
	p.want("New task: Milk")
}

func TestADueDayIsOneOfThePersonsZone(t *testing.T) {
	for _, test := range []struct{ moment, zone, want string }{
		// What a program wrote is a day and has no zone.
		{"2026-11-25T00:00:00.0000000", "UTC", "2026-11-25"},
		{"2026-11-25T00:00:00.0000000", "Europe/Berlin", "2026-11-25"},
		{"2026-11-25T00:00:00.0000000", "America/New_York", "2026-11-25"},
		// The app writes the midnight of where the person is.
		{"2026-11-24T23:00:00.0000000", "Europe/Berlin", "2026-11-25"},
		{"2026-07-24T22:00:00.0000000", "Europe/Berlin", "2026-07-25"},
		{"2026-11-25T05:00:00.0000000", "America/New_York", "2026-11-25"},
		{"2026-11-24T10:00:00.0000000", "Pacific/Kiritimati", "2026-11-25"},
		// Planner writes a Z.
		{"2026-11-25T10:00:00Z", "UTC", "2026-11-25"},
		{"", "UTC", ""},
		{"2026-02-30T00:00:00", "UTC", ""},
		{"tomorrow", "UTC", ""},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := moment(test.moment).day(zone); got != test.want {
			t.Errorf("%s in %s is %q, want %q", test.moment, test.zone, got, test.want)
		}
	}
}

func TestADayEndsInThePersonsZone(t *testing.T) {
	g := newGraph(t) // it is 18:30 in Tokyo
	p := g.person(map[string]any{"due_soon": "5h", "timezone": "Asia/Tokyo"})
	p.want()
	g.task("l1", "Milk", dueAt("2026-11-19T15:00:00.0000000"))
	p.want("New task: Milk")
	g.pass(29 * time.Minute)
	p.want()
	g.pass(time.Minute)
	p.want("Due soon: Milk")
}

func TestWhatWasAssignedInPlannerIsPostedWhenAskedFor(t *testing.T) {
	g := newGraph(t)
	p := g.person(map[string]any{"assigned": true})
	assign := func(members map[string]any) { g.change(func() { g.planner = append(g.planner, members) }) }
	assign(map[string]any{"id": "p1", "title": "Old"})
	p.want()
	assign(map[string]any{"id": "p2", "title": "Review", "dueDateTime": "2026-11-25T10:00:00Z"})
	assign(map[string]any{"id": "p3", "title": "Done already", "percentComplete": 100})
	p.want("Assigned: Review")
	p.want()

	p.configured(nil)
	p.want()
	assign(map[string]any{"id": "p4", "title": "While it was off"})
	p.configured(map[string]any{"assigned": true})
	p.want()
	assign(map[string]any{"id": "p5", "title": "Decide"})
	p.want("Assigned: Decide")
}

func TestAPersonWithoutPlannerStillHasLists(t *testing.T) {
	g := newGraph(t)
	g.trouble = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "planner") {
			return false
		}
		refuse(w, http.StatusForbidden, "accessDenied")
		return true
	}
	p := g.person(map[string]any{"assigned": true})
	p.want()
	g.task("l1", "Milk", nil)
	p.want("New task: Milk")
	if !strings.Contains(p.last.Note, "only work and school accounts have Planner") {
		t.Errorf("the note says %q", p.last.Note)
	}
}
