package todo

import (
	"maps"
	"slices"
	"time"
)

// dueSoon announces open tasks, once for each due date. At the first poll, whatever
// is due already counts as announced.
func (w *watch) dueSoon(lists []string) {
	if w.todo.DueSoon <= 0 {
		return
	}
	for _, listID := range lists {
		l := w.at.List[listID]
		for _, id := range slices.Sorted(maps.Keys(l.Tasks)) {
			s := l.Tasks[id]
			due := s.Due.day(w.zone)
			day, err := time.ParseInLocation(time.DateOnly, due, w.zone)
			if err != nil || s.Status == completed || s.Announced == due {
				continue
			}
			end := day.AddDate(0, 0, 1)
			if w.now.Before(end.Add(-w.todo.DueSoon)) {
				continue
			}
			s.Announced = due
			l.Tasks[id] = s
			if w.known() && w.now.Before(end) {
				w.add(happening{kind: "task_due_soon", listID: listID, list: l.Name, subject: w.remembered(id, s), stamp: due, at: w.now})
			}
		}
	}
}
