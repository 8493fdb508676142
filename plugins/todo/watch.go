package todo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
	"github.com/connector-relay/relay/relay/event"
)

// watch is one poll under way.
type watch struct {
	todo  *Todo
	poll  *connector.Poll
	api   client
	at    checkpoint
	zone  *time.Location
	now   time.Time
	found []event.Event
	// failed says why a list could not be read, while the others could.
	failed error
	notes  []string
}

// known reports whether an earlier poll has read the person's lists.
func (w *watch) known() bool { return !w.at.Polled.IsZero() }

// look brings everything up to date. An error is one that would affect every list.
func (w *watch) look(ctx context.Context) error {
	if err := w.lists(ctx); err != nil {
		return err
	}
	chosen := w.chosen()
	if len(chosen) == 0 && len(w.at.List) > 0 {
		w.notes = append(w.notes, fmt.Sprintf("none of the %d lists matches the arguments lists and exclude_lists", len(w.at.List)))
	}
	for _, id := range chosen {
		err := w.tasks(ctx, id)
		name := w.at.List[id].Name
		switch status := rest.StatusOf(err); {
		case err == nil:
		case status == 0 || connector.KindOf(err) != connector.KindTemporary:
			return err
		case status == http.StatusNotFound:
			// It was deleted a moment ago; the next round of lists will say so.
			w.notes = append(w.notes, fmt.Sprintf("the list %q no longer exists", name))
		default:
			w.failed = fmt.Errorf("the list %q cannot be read; if this persists, name it in exclude_lists: %w", name, err)
		}
	}
	if err := w.assigned(ctx); err != nil {
		return err
	}
	w.dueSoon(chosen)
	return nil
}

// emit emits what was found, oldest first. The links to the next changes move with the
// last event, so an interrupted poll finds the same again.
func (w *watch) emit(ctx context.Context) error {
	list := w.found
	slices.SortStableFunc(list, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	list = connector.Newest(w.poll, w.known(), w.todo.Initial, list)
	w.at.Polled = w.now
	w.at.forget(w.now)
	// The state holds even if the poll ends with an error because a list could not be read.
	return cmp.Or(w.poll.EmitAt(ctx, version, w.at, list...), w.poll.Flush(ctx))
}

// entry is a list as Graph describes it
// (https://learn.microsoft.com/graph/api/resources/todotasklist).
type entry struct {
	ID      string   `json:"id"`
	Name    string   `json:"displayName"`
	Tag     string   `json:"@odata.etag"`
	Removed *removed `json:"@removed"`
}

// lists brings the lists up to date. For their delta, Microsoft documents only the
// permission Tasks.ReadWrite (https://learn.microsoft.com/graph/api/todotasklist-delta),
// which is more than a relay should have. Where Tasks.Read is refused, the plain list
// must do; it is known to leave lists out, so a missing list does not count as deleted.
func (w *watch) lists(ctx context.Context) error {
	r, err := w.api.round(ctx, w.at.Lists, path("delta"))
	if rest.StatusOf(err) == http.StatusForbidden {
		r, err = w.api.pages(ctx, "me/todo/lists")
	}
	if err != nil {
		return err
	}
	there := make(map[string]bool)
	for _, v := range r.values {
		var e entry
		if connector.ParseJSON(v, &e) && isID(e.ID) {
			there[e.ID] = true
			w.list(e)
		}
	}
	if r.whole {
		maps.DeleteFunc(w.at.List, func(id string, _ *list) bool { return !there[id] })
	}
	w.at.Lists = r.next
	return nil
}

func (w *watch) list(e entry) {
	old := w.at.List[e.ID]
	h := happening{listID: e.ID, list: clip(e.Name), at: w.now}
	switch {
	case e.Removed != nil:
		delete(w.at.List, e.ID)
		if old != nil {
			h.kind, h.list = "list_deleted", old.Name
			w.add(h)
		}
	case old == nil:
		read := w.at.Polled
		if !w.known() {
			read = w.now
		}
		w.at.List[e.ID] = &list{Name: h.list, Read: read}
		if w.known() {
			h.kind = "list_created"
			w.add(h)
		}
	case h.list != "" && old.Name != h.list:
		h.kind, h.changes = "list_renamed", []change{{"Name", old.Name, h.list}}
		// A list can have the same name twice, so the name alone makes no key.
		h.stamp = digest(e.Tag + " " + h.list)
		w.add(h)
		old.Name = h.list
	}
}

// chosen returns the ids of the wanted lists, by name.
func (w *watch) chosen() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.at.List)), func(id string) bool {
		l := w.at.List[id]
		if w.todo.follows(l.Name) {
			return false
		}
		l.unfollow(w.now)
		return true
	})
}

// tasks brings a list's tasks up to date and finds what happened.
func (w *watch) tasks(ctx context.Context, id string) error {
	l := w.at.List[id]
	start := path(id, "tasks", "delta")
	r, err := w.api.round(ctx, l.Delta, start+"?$expand=checklistItems")
	if rest.StatusOf(err) == http.StatusBadRequest {
		// Microsoft documents $expand for this delta; a Graph that does not know it
		// returns the tasks without their steps.
		r, err = w.api.round(ctx, "", start)
	}
	if err != nil {
		return err
	}
	if l.Tasks == nil {
		l.Tasks = make(map[string]state)
	}
	if r.whole {
		l.Delta = ""
	}
	w.compare(id, r)
	l.Delta, l.Read = r.next, w.now
	return nil
}

// compare finds what happened to a list's tasks.
func (w *watch) compare(id string, r round) {
	l := w.at.List[id]
	there := make(map[string]bool)
	for _, v := range r.values {
		t, ok := parseTask(v)
		if !ok {
			continue
		}
		there[t.ID] = true
		w.task(id, t)
	}
	if r.whole {
		// What no longer exists was deleted in the meantime.
		maps.DeleteFunc(l.Tasks, func(id string, _ state) bool { return !there[id] })
	}
}
