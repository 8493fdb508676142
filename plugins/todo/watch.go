package todo

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// task is one as Graph tells of it
// (https://learn.microsoft.com/graph/api/resources/todotask).
type task struct {
	ID         string  `json:"id"`
	Title      string  `json:"title"`
	Status     string  `json:"status"`
	Importance string  `json:"importance"`
	Created    instant `json:"createdDateTime"`
	Modified   instant `json:"lastModifiedDateTime"`
	Due        *moment `json:"dueDateTime"`
	Completed  *moment `json:"completedDateTime"`
	Body       struct {
		Content string `json:"content"`
		Type    string `json:"contentType"`
	} `json:"body"`
	Categories []string `json:"categories"`
	Removed    *struct {
		Reason string `json:"reason"`
	} `json:"@removed"`
}

// instant is a time; what is none is zero, so that it loses nothing else.
type instant struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (i *instant) UnmarshalJSON(b []byte) error {
	if i.Time.UnmarshalJSON(b) != nil {
		i.Time = time.Time{}
	}
	return nil
}

// moment is Graph's time in a zone of its own. Of a due date only the day counts.
type moment struct {
	DateTime string `json:"dateTime"`
	Zone     string `json:"timeZone"`
}

func (m *moment) day() string {
	if m == nil || len(m.DateTime) < len(time.DateOnly) {
		return ""
	}
	day := m.DateTime[:len(time.DateOnly)]
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return ""
	}
	return day
}

const completed = "completed"

// watch is one poll under way.
type watch struct {
	todo  *Todo
	poll  *connector.Poll
	api   client
	at    checkpoint
	zone  *time.Location
	now   time.Time
	found []event.Event
}

// known reports whether the person's lists have been looked at before.
func (w *watch) known() bool { return !w.at.Polled.IsZero() }

// lists brings the lists up to date.
func (w *watch) lists(ctx context.Context) error {
	if w.at.List == nil {
		w.at.List = make(map[string]*list)
	}
	address := w.at.Lists
	if address == "" {
		address = w.api.path("delta")
	}
	var raw []json.RawMessage
	delta, err := w.api.all(ctx, address, func(v json.RawMessage) { raw = append(raw, v) })
	if errors.Is(err, errResync) && w.at.Lists != "" {
		w.at.Lists = ""
		return w.lists(ctx)
	}
	if err != nil {
		return gentle(err)
	}
	for _, v := range raw {
		var l struct {
			ID      string    `json:"id"`
			Name    string    `json:"displayName"`
			Removed *struct{} `json:"@removed"`
		}
		if json.Unmarshal(v, &l) == nil && l.ID != "" {
			w.list(l.ID, l.Name, l.Removed != nil)
		}
	}
	w.at.Lists = delta
	return nil
}

func (w *watch) list(id, name string, removed bool) {
	old := w.at.List[id]
	switch {
	case removed:
		delete(w.at.List, id)
		if old != nil {
			w.add("list_deleted", old.Name, task{ID: id, Modified: instant{w.now}}, "", nil)
		}
	case old == nil:
		w.at.List[id] = &list{Name: name, Tasks: make(map[string]state)}
		if w.known() {
			w.add("list_created", name, task{ID: id, Modified: instant{w.now}}, "", nil)
		}
	case old.Name != name:
		w.add("list_renamed", name, task{ID: id, Modified: instant{w.now}}, name, []change{{"Name", old.Name, name}})
		old.Name = name
	}
}

// chosen are the ids of the lists that the person wants, by name.
func (w *watch) chosen() []string {
	ids := slices.Sorted(maps.Keys(w.at.List))
	return slices.DeleteFunc(ids, func(id string) bool {
		name := w.at.List[id].Name
		return len(w.todo.Lists) > 0 && !connector.Matches(w.todo.Lists, name) || connector.Matches(w.todo.Exclude, name)
	})
}

// tasks brings a list's tasks up to date and finds what happened.
func (w *watch) tasks(ctx context.Context, id string) error {
	l := w.at.List[id]
	if l.Tasks == nil {
		l.Tasks = make(map[string]state)
	}
	address := l.Delta
	if address == "" {
		address = w.api.path(id, "tasks", "delta")
	}
	var raw []json.RawMessage
	delta, err := w.api.all(ctx, address, func(v json.RawMessage) { raw = append(raw, v) })
	if errors.Is(err, errResync) && l.Delta != "" {
		// All tasks come again. Those that are remembered are compared as ever, and
		// of others only what was made since the last poll is news.
		l.Delta = ""
		return w.tasks(ctx, id)
	}
	if err != nil {
		return gentle(err)
	}
	for _, v := range raw {
		if t, ok := parseTask(v); ok {
			w.task(l, t)
		}
	}
	l.Delta = delta
	return nil
}

// gentle makes a resync that leads to another resync pass by itself.
func gentle(err error) error {
	if errors.Is(err, errResync) {
		return errors.New("graph asks to begin anew again and again")
	}
	return err
}

// parseTask reads what it can: a part of the wrong type is left out.
func parseTask(raw json.RawMessage) (task, bool) {
	var t task
	err := json.Unmarshal(raw, &t)
	if _, wrongType := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !wrongType {
		return task{}, false
	}
	return t, t.ID != ""
}

// task compares a task with what is remembered of it.
func (w *watch) task(l *list, t task) {
	old, known := l.Tasks[t.ID]
	if t.Removed != nil {
		delete(l.Tasks, t.ID)
		if known {
			t.Title, t.Modified = old.Title, instant{w.now}
			w.add("task_deleted", l.Name, t, old.Title, nil)
		}
		return
	}
	now := stateOf(t)
	now.Announced = old.Announced
	if t.Status == completed {
		now.Done = w.now
	}
	l.Tasks[t.ID] = now
	switch {
	case !known:
		if w.isNew(l, t) {
			w.add("task_created", l.Name, t, t.Created.UTC().Format(time.RFC3339), nil)
		}
	case now.Status == completed && old.Status != completed:
		w.add("task_completed", l.Name, t, t.Modified.UTC().Format(time.RFC3339), nil)
	case now.Status != completed && old.Status == completed:
		w.add("task_reopened", l.Name, t, t.Modified.UTC().Format(time.RFC3339), nil)
	default:
		if list := changes(old, now); len(list) > 0 {
			w.add("task_changed", l.Name, t, t.Modified.UTC().Format(time.RFC3339), list)
		}
	}
}

// isNew reports whether a task that is not remembered is news: the first poll takes
// all for candidates, of which few are posted; later ones only what was made since.
// A minute is allowed for clocks that differ.
func (w *watch) isNew(l *list, t task) bool {
	if !w.known() {
		return t.Status != completed
	}
	return l.Delta != "" || t.Created.After(w.at.Polled.Add(-time.Minute))
}

func stateOf(t task) state {
	s := state{Title: t.Title, Status: t.Status, Due: t.Due.day(), Important: t.Importance == "high"}
	if t.Body.Content != "" {
		sum := sha256.Sum256([]byte(t.Body.Content))
		s.Body = base64.RawStdEncoding.EncodeToString(sum[:6])
	}
	return s
}

// change is one difference, for a person.
type change struct{ name, before, after string }

func changes(old, now state) []change {
	var list []change
	if old.Title != now.Title {
		list = append(list, change{"Title", old.Title, now.Title})
	}
	if old.Due != now.Due {
		list = append(list, change{"Due", orNone(old.Due), orNone(now.Due)})
	}
	if old.Important != now.Important {
		list = append(list, change{"Important", yesNo(old.Important), yesNo(now.Important)})
	}
	if old.Body != now.Body {
		list = append(list, change{"Note", "", "changed"})
	}
	return list
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// dueSoon announces open tasks, once for each due date. What is overdue already at
// the first poll is old news.
func (w *watch) dueSoon() {
	if w.todo.DueSoon <= 0 {
		return
	}
	for _, id := range w.chosen() {
		l := w.at.List[id]
		for _, taskID := range slices.Sorted(maps.Keys(l.Tasks)) {
			s := l.Tasks[taskID]
			day, err := time.ParseInLocation(time.DateOnly, s.Due, w.zone)
			if err != nil || s.Status == completed || s.Announced == s.Due {
				continue
			}
			end := day.AddDate(0, 0, 1)
			if w.now.Before(end.Add(-w.todo.DueSoon)) {
				continue
			}
			s.Announced = s.Due
			l.Tasks[taskID] = s
			if w.known() && w.now.Before(end) {
				t := task{ID: taskID, Title: s.Title, Status: s.Status, Due: &moment{DateTime: s.Due}, Modified: instant{w.now}}
				w.add("task_due_soon", l.Name, t, s.Due, nil)
			}
		}
	}
}

// assigned looks for tasks that were assigned to the person in Planner, which has no
// deltas (https://learn.microsoft.com/graph/api/planneruser-list-tasks). To Do's own
// tasks have nobody they are assigned to.
func (w *watch) assigned(ctx context.Context) error {
	now := make(map[string]bool)
	var fresh []task
	_, err := w.api.all(ctx, w.api.base+"me/planner/tasks", func(v json.RawMessage) {
		var p struct {
			ID      string  `json:"id"`
			Title   string  `json:"title"`
			Percent int     `json:"percentComplete"`
			Created instant `json:"createdDateTime"`
			Due     string  `json:"dueDateTime"`
		}
		if json.Unmarshal(v, &p) != nil || p.ID == "" {
			return
		}
		now[p.ID] = true
		if w.at.Assigned && !w.at.Planner[p.ID] && p.Percent < 100 {
			fresh = append(fresh, task{ID: p.ID, Title: p.Title, Created: p.Created, Modified: instant{w.now}, Due: &moment{DateTime: p.Due}})
		}
	})
	if connector.KindOf(err) == connector.KindUnauthorised {
		w.poll.Note("tasks that are assigned cannot be read; Planner is for work and school accounts")
		return nil
	}
	if err != nil {
		return gentle(err)
	}
	for _, t := range fresh {
		w.add("task_assigned", "Planner", t, "", nil)
	}
	w.at.Planner, w.at.Assigned = now, true
	return nil
}
