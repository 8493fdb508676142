package todo

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
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

func kinds() []kind {
	return []kind{
		{"list_created", "A list was made.", "New list", "2564CF", true},
		{"list_deleted", "A list was deleted.", "List deleted", "8A8886", true},
		{"list_renamed", "A list was renamed.", "List renamed", "2564CF", true},
		{"task_assigned", "A task was assigned in Planner.", "Assigned", "2564CF", false},
		{"task_changed", "A task's title, due date, importance or note was changed.", "Changed", "2564CF", false},
		{"task_completed", "A task was done.", "Done", "107C10", false},
		{"task_created", "A task was made.", "New task", "2564CF", false},
		{"task_deleted", "A task was deleted.", "Deleted", "8A8886", true},
		{"task_due_soon", "A task is due soon.", "Due soon", "D83B01", false},
		{"task_reopened", "A task that was done is open again.", "Open again", "D83B01", false},
	}
}

func describedKinds() []connector.Kind {
	sample := task{
		ID: "AAMkAD", Title: "Book the room", Status: "notStarted", Importance: "high", Due: &moment{DateTime: "2026-11-25T00:00:00.0000000"},
		Created: instant{time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)}, Modified: instant{time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)}, Categories: []string{"Trip"},
	}
	sample.Body.Content, sample.Body.Type = "For twelve people.", "text"
	var list []connector.Kind
	for _, k := range kinds() {
		w := &watch{todo: &Todo{Kinds: []string{"*"}}}
		var differences []change
		if k.name == "task_changed" || k.name == "list_renamed" {
			differences = []change{{"Title", "Book a room", "Book the room"}}
		}
		w.add(k.name, "Trip", sample, "sample", differences)
		list = append(list, connector.Kind{Name: k.name, Doc: k.doc, Sample: w.found[0]})
	}
	return list
}

// The lengths of texts in a card, in characters.
const (
	maxTitle = 150
	maxText  = 400
)

// add makes an event, if the person wants its kind. The stamp tells it from others
// of the same kind and task.
func (w *watch) add(name, list string, t task, stamp string, differences []change) {
	var k kind
	for _, candidate := range kinds() {
		if candidate.name == name {
			k = candidate
		}
	}
	if len(w.todo.Kinds) == 0 && k.quiet || len(w.todo.Kinds) > 0 && !connector.Matches(w.todo.Kinds, name) {
		return
	}
	at := t.Modified.Time
	if name == "task_created" && !t.Created.IsZero() {
		at = t.Created.Time
	}
	w.found = append(w.found, event.Event{
		Key: strings.TrimSuffix(name+":"+t.ID+":"+stamp, ":"), Kind: name, Time: at, Card: draw(k, list, t, differences), Data: data(name, list, t, differences),
	})
}

func draw(k kind, list string, t task, differences []change) card.Card {
	title := k.title + ": " + card.Line(t.Title, maxTitle)
	if strings.HasPrefix(k.name, "list_") {
		title = k.title + ": " + card.Line(list, maxTitle)
	}
	c := card.Card{Summary: title, Title: title, ThemeColor: k.color}
	section := card.Section{}
	fact := func(name, value string) {
		if value = card.Line(value, maxTitle); value != "" {
			section.Facts = append(section.Facts, card.Fact{Name: name, Value: value})
		}
	}
	for _, d := range differences {
		if d.before == "" {
			fact(d.name, d.after)
		} else {
			fact(d.name, d.before+" → "+d.after)
		}
	}
	if !strings.HasPrefix(k.name, "list_") {
		fact("List", list)
		if len(differences) == 0 {
			fact("Due", dayOf(t.Due))
			if t.Importance == "high" {
				fact("Importance", "high")
			}
		}
		if k.name == "task_created" {
			c.Text = note(t)
		}
		c.Actions = []card.Action{{Type: card.OpenURI, Name: "Open task", Targets: []card.Target{{OS: "default", URI: address(k.name, t.ID)}}}}
	}
	if len(section.Facts) > 0 {
		c.Sections = []card.Section{section}
	}
	return c
}

// address is where a person sees a task.
func address(kind, id string) string {
	if kind == "task_assigned" {
		return "https://tasks.office.com/Home/Task/" + url.PathEscape(id)
	}
	return "https://to-do.office.com/tasks/id/" + url.PathEscape(id) + "/details"
}

// dayOf writes a due date for a person.
func dayOf(m *moment) string {
	day, err := time.Parse(time.DateOnly, m.day())
	if err != nil {
		return ""
	}
	return day.Format("Mon 2 Jan 2006")
}

// note is what the person wrote about a task, without its markup.
func note(t task) string {
	text := t.Body.Content
	if strings.EqualFold(t.Body.Type, "html") {
		text = card.FromHTML(text)
	}
	return card.Escape(card.Cut(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")), maxText))
}

// data is what routes may test.
func data(name, list string, t task, differences []change) json.RawMessage {
	changed := make([]string, 0, len(differences))
	for _, d := range differences {
		changed = append(changed, strings.ToLower(d.name))
	}
	b, err := json.Marshal(map[string]any{
		"kind": name, "list": list, "id": t.ID, "title": t.Title, "status": t.Status, "importance": t.Importance,
		"due": t.Due.day(), "categories": t.Categories, "changed": changed,
	})
	if err != nil {
		return nil // texts and lists always encode
	}
	return b
}
