package todo

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// kind is one sort of event.
type kind struct {
	name, doc string
	// title is what stands before the task's own.
	title, color string
	// quiet says that it is posted only when the configuration asks for it.
	quiet bool
}

// aboutList reports whether the kind is about a list itself.
func (k kind) aboutList() bool { return strings.HasPrefix(k.name, "list_") }

const (
	blue   = "2564CF"
	green  = "107C10"
	grey   = "8A8886"
	orange = "D83B01"
)

func kinds() []kind {
	return []kind{
		{"list_created", "A list was made.", "New list", blue, true},
		{"list_deleted", "A list was deleted.", "List deleted", grey, true},
		{"list_renamed", "A list was renamed.", "List renamed", blue, true},
		{"task_assigned", "A task was assigned in Planner, with assigned = true.", "Assigned", blue, false},
		{"task_changed", "A task's title, due date, importance, steps or note was changed.", "Changed", blue, false},
		{"task_completed", "A task was done.", "Done", green, false},
		{"task_created", "A task was made, or moved to a list.", "New task", blue, false},
		{"task_deleted", "A task was deleted, or moved from a list.", "Deleted", grey, true},
		{"task_due_soon", "A task is due soon.", "Due soon", orange, false},
		{"task_reopened", "A task that was done is open again.", "Open again", orange, false},
	}
}

// happening is what becomes an event.
type happening struct {
	kind         string
	listID, list string
	subject      subject
	changes      []change
	// stamp tells it from others of the same kind and subject.
	stamp string
	at    time.Time
}

// subject is a task as cards and data tell of it.
type subject struct {
	id, title, status, importance string
	// due is a day, such as 2026-11-25.
	due        string
	note       string
	steps      steps
	categories []string
	// link is what, with the id, leads a person there.
	link string
}

// subject makes one of a task and what is remembered of it now.
func (w *watch) subject(t task, now state) subject {
	s := w.remembered(t.ID, now)
	s.note, s.categories = note(t), t.Categories
	return s
}

// remembered makes a subject of what is remembered only.
func (w *watch) remembered(id string, s state) subject {
	return subject{
		id: id, title: s.Title, status: s.Status, importance: importance(s.Importance), due: s.Due.day(w.zone), steps: s.Steps, link: w.todo.link(),
	}
}

// link leads to a task by its id. Graph does not tell where a person sees a task; the
// web app has one address for personal accounts and another for those of work.
func (t *Todo) link() string {
	if strings.EqualFold(t.Tenant, "consumers") {
		return "https://to-do.live.com/tasks/id/"
	}
	return "https://to-do.office.com/tasks/id/"
}

// add makes an event, if the person wants its kind.
func (w *watch) add(h happening) {
	for _, k := range kinds() {
		if k.name == h.kind && w.todo.wants(k) {
			w.found = append(w.found, eventOf(k, h))
		}
	}
}

func eventOf(k kind, h happening) event.Event {
	id := h.subject.id
	if k.aboutList() {
		id = h.listID
	}
	key := k.name + ":" + id
	if h.stamp != "" {
		key += ":" + h.stamp
	}
	return event.Event{Key: key, Kind: k.name, Time: h.at, Card: draw(k, h), Data: data(k, h)}
}

// data is what routes may test.
func data(k kind, h happening) json.RawMessage {
	s := h.subject
	changed := make([]string, 0, len(h.changes))
	for _, c := range h.changes {
		changed = append(changed, strings.ToLower(c.name))
	}
	if s.categories == nil {
		s.categories = []string{}
	}
	b, err := json.Marshal(struct {
		Kind       string   `json:"kind"`
		List       string   `json:"list"`
		ListID     string   `json:"list_id"`
		ID         string   `json:"id"`
		Title      string   `json:"title"`
		Status     string   `json:"status"`
		Importance string   `json:"importance"`
		Due        string   `json:"due"`
		Steps      steps    `json:"steps"`
		Categories []string `json:"categories"`
		Changed    []string `json:"changed"`
	}{k.name, h.list, h.listID, s.id, s.title, s.status, s.importance, s.due, s.steps, s.categories, changed})
	if err != nil {
		return nil // texts, numbers and lists always encode
	}
	return b
}

func describedKinds() []connector.Kind {
	at := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	about := subject{
		id: "AAMkAD", title: "Book the room", status: "notStarted", importance: "high", due: "2026-11-25", note: "For twelve people.",
		steps: steps{2, 5}, categories: []string{"Trip"}, link: (&Todo{}).link(),
	}
	changes := map[string][]change{
		"task_changed": {{"Title", "Book a room", "Book the room"}, {"Due", "none", "2026-11-25"}},
		"list_renamed": {{"Name", "Journey", "Trip"}},
	}
	var list []connector.Kind
	for _, k := range kinds() {
		h := happening{kind: k.name, listID: "AQMkAD", list: "Trip", subject: about, changes: changes[k.name], at: at}
		if k.aboutList() {
			h.subject = subject{}
		}
		if k.name == "task_completed" {
			h.subject.status = completed
		}
		list = append(list, connector.Kind{Name: k.name, Doc: k.doc, Sample: eventOf(k, h)})
	}
	return list
}
