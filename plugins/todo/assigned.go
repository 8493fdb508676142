package todo

import (
	"context"
	"net/http"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

// planned is a task in Planner (https://learn.microsoft.com/graph/api/resources/plannertask).
type planned struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Percent float64 `json:"percentComplete"`
	Due     moment  `json:"dueDateTime"`
	Created instant `json:"createdDateTime"`
}

// assigned looks for tasks that were assigned to the person in Planner, which has no
// deltas (https://learn.microsoft.com/graph/api/planneruser-list-tasks). Graph does not
// say to whom a task of To Do itself is assigned, not even in a shared list.
func (w *watch) assigned(ctx context.Context) error {
	if !w.todo.Assigned {
		w.at.Planner, w.at.Assigned = nil, false
		return nil
	}
	r, err := w.api.pages(ctx, "me/planner/tasks")
	if rest.StatusOf(err) == http.StatusForbidden {
		w.notes = append(w.notes, "assigned tasks cannot be read; only work and school accounts have Planner")
		return nil
	}
	if err != nil {
		return err
	}
	now := make(map[string]bool)
	for _, v := range r.values {
		var p planned
		if !connector.ParseJSON(v, &p) || !isID(p.ID) {
			continue
		}
		now[p.ID] = true
		if w.at.Assigned && !w.at.Planner[p.ID] && p.Percent < 100 {
			s := subject{id: p.ID, title: clip(p.Title), due: p.Due.day(w.zone), link: "https://tasks.office.com/Home/Task/"}
			w.add(happening{kind: "task_assigned", list: "Planner", subject: s, at: w.now})
		}
	}
	w.at.Planner, w.at.Assigned = now, true
	return nil
}
