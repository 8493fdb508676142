package todo

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/event"
)

// kind is one kind of event.
type kind = kinds.Kind[look]

// look says what a kind's cards look like: the words before the title of the task, and a colour.
type look struct{ title, color string }

// aboutList reports whether the kind is about a list itself.
func aboutList(k kind) bool { return strings.HasPrefix(k.Name, "list_") }

const (
	blue   = "2564CF"
	green  = "107C10"
	grey   = "8A8886"
	orange = "D83B01"
)

func table() kinds.Table[look] {
	return kinds.Table[look]{
		{Name: "list_created", Doc: "A list was created.", Noise: true, Own: look{"New list", blue}},
		{Name: "list_deleted", Doc: "A list was deleted.", Noise: true, Own: look{"List deleted", grey}},
		{Name: "list_renamed", Doc: "A list was renamed.", Noise: true, Own: look{"List renamed", blue}},
		{Name: "task_assigned", Doc: "A task was assigned in Planner, with assigned = true.", Own: look{"Assigned", blue}},
		{Name: "task_changed", Doc: "A task's title, due date, importance, steps or note was changed.", Own: look{"Changed", blue}},
		{Name: "task_completed", Doc: "A task was completed.", Own: look{"Done", green}},
		{Name: "task_created", Doc: "A task was created, or moved to a list.", Own: look{"New task", blue}},
		{Name: "task_deleted", Doc: "A task was deleted, or moved from a list.", Noise: true, Own: look{"Deleted", grey}},
		{Name: "task_due_soon", Doc: "A task is due soon.", Own: look{"Due soon", orange}},
		{Name: "task_reopened", Doc: "A completed task was reopened.", Own: look{"Open again", orange}},
	}
}

// happening becomes an event.
type happening struct {
	kind         string
	listID, list string
	subject      subject
	changes      []change
	// stamp distinguishes it from others of the same kind and subject.
	stamp string
	at    time.Time
}

// subject is a task as cards and data show it.
type subject struct {
	id, title, status, importance string
	// due is a day, such as 2026-11-25.
	due        string
	note       string
	steps      steps
	categories []string
	// link is what, with the id, makes the address of the page.
	link string
}

// subject makes a subject from a task and its new state.
func (w *watch) subject(t task, now state) subject {
	s := w.remembered(t.ID, now)
	s.note, s.categories = note(t), t.Categories
	return s
}

// remembered makes a subject from the remembered state alone.
func (w *watch) remembered(id string, s state) subject {
	return subject{
		id: id, title: s.Title, status: s.Status, importance: importance(s.Importance), due: s.Due.day(w.zone), steps: s.Steps, link: w.todo.link(),
	}
}

// link returns the address of a task by its id. Graph does not give it; the web app has
// one address for personal accounts and another for work accounts.
func (t *Todo) link() string {
	if strings.EqualFold(t.Tenant, "consumers") {
		return "https://to-do.live.com/tasks/id/"
	}
	return "https://to-do.office.com/tasks/id/"
}

// add makes an event if its kind is wanted.
func (w *watch) add(h happening) {
	if k, ok := table().Find(h.kind); ok && w.todo.Wants(k.Noise, k.Name) {
		w.found = append(w.found, eventOf(k, h))
	}
}

func eventOf(k kind, h happening) event.Event {
	id := h.subject.id
	if aboutList(k) {
		id = h.listID
	}
	key := k.Name + ":" + id
	if h.stamp != "" {
		key += ":" + h.stamp
	}
	return event.Event{Key: key, Kind: k.Name, Time: h.at, Card: draw(k, h), Data: data(k, h)}
}

// data returns what routes may test.
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
	}{k.Name, h.list, h.listID, s.id, s.title, s.status, s.importance, s.due, s.steps, s.categories, changed})
	if err != nil {
		return nil // texts, numbers and lists can always be encoded
	}
	return b
}

// sample is what the kinds' samples are made from.
func sample(k kind) event.Event {
	h := happening{kind: k.Name, listID: "AQMkAD", list: "Trip", at: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)}
	if !aboutList(k) {
		h.subject = subject{
			id: "AAMkAD", title: "Book the room", status: "notStarted", importance: "high", due: "2026-11-25", note: "For twelve people.",
			steps: steps{2, 5}, categories: []string{"Trip"}, link: (&Todo{}).link(),
		}
	}
	switch k.Name {
	case "task_completed":
		h.subject.status = completed
	case "task_changed":
		h.changes = []change{{"Title", "Book a room", "Book the room"}, {"Due", "none", "2026-11-25"}}
	case "list_renamed":
		h.changes = []change{{"Name", "Journey", "Trip"}}
	}
	return eventOf(k, h)
}
