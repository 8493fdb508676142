package todo

import (
	"fmt"
	"time"
)

// slack allows for clocks that differ.
const slack = time.Minute

// task compares a task with its remembered state.
func (w *watch) task(listID string, t task) {
	l := w.at.List[listID]
	old, known := l.Tasks[t.ID]
	h := happening{listID: listID, list: l.Name, at: t.Modified.Time}
	if t.Removed != nil {
		delete(l.Tasks, t.ID)
		if known {
			h.kind, h.subject, h.at = "task_deleted", w.remembered(t.ID, old), w.now
			w.add(h)
		}
		return
	}
	now := t.state(old, w.now)
	l.Tasks[t.ID] = now
	h.subject = w.subject(t, now)
	// Microsoft only gives the day of completion, so a task that is completed twice in a
	// day needs another stamp
	// (https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8663).
	h.stamp = t.Modified.UTC().Format(time.RFC3339Nano)
	if !known {
		w.unknown(l, t, now, h)
		return
	}
	switch isDone, wasDone := now.Status == completed, old.Status == completed; {
	case isDone && !wasDone:
		h.kind = "task_completed"
	case !isDone && wasDone:
		h.kind = "task_reopened"
	default:
		if h.changes = w.changes(old, now); len(h.changes) == 0 {
			return
		}
		h.kind = "task_changed"
	}
	w.add(h)
}

// unknown decides about a task that is not remembered. At the first poll all open ones
// are candidates, and few are posted. Later, an open one is news: it was created, or
// moved here from another list. When all tasks are read again, and for completed tasks,
// only those created since the last time are news: the rest had been forgotten.
func (w *watch) unknown(l *list, t task, now state, h happening) {
	fresh := t.Created.After(l.Read.Add(-slack))
	done := now.Status == completed
	if !w.known() && done || w.known() && !fresh && (done || l.Delta == "") {
		return
	}
	made := h
	made.kind, made.stamp = "task_created", ""
	if !t.Created.IsZero() {
		made.at = t.Created.Time
	}
	w.add(made)
	if done {
		h.kind = "task_completed"
		w.add(h)
	}
}

// change is one difference, in words. The old value is empty where it is too long to show.
type change struct{ name, before, after string }

func (w *watch) changes(old, now state) []change {
	candidates := []change{
		{"Title", old.Title, now.Title},
		{"Due", orNone(old.Due.day(w.zone)), orNone(now.Due.day(w.zone))},
		{"Importance", importance(old.Importance), importance(now.Importance)},
		{"Steps", orNone(old.Steps.String()), orNone(now.Steps.String())},
	}
	if old.Body != now.Body {
		candidates = append(candidates, change{"Note", "", "changed"})
	}
	var list []change
	for _, c := range candidates {
		if c.before != c.after {
			list = append(list, c)
		}
	}
	return list
}

// String returns the progress in words; it is empty when there are no steps.
func (s steps) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", s.Done, s.Of)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// importance returns low, normal or high.
func importance(s string) string {
	if s == "low" || s == "high" {
		return s
	}
	return "normal"
}
