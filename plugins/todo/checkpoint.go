package todo

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// version is the checkpoint's form.
const version = 1

// keepDone is how long a finished task is remembered: until then it may be reopened.
const keepDone = 90 * 24 * time.Hour

// checkpoint is the position in Graph's deltas, and how each task was.
type checkpoint struct {
	Version int `json:"version"`
	// Polled is when the last poll began; zero before the first one.
	Polled time.Time `json:"polled,omitzero"`
	// Lists is Graph's link to what comes next of the lists.
	Lists string `json:"lists,omitempty"`
	// List holds the lists by their id.
	List map[string]*list `json:"list,omitempty"`
	// Planner holds the tasks that were assigned, and whether they have been asked
	// for at all.
	Planner  map[string]bool `json:"planner,omitempty"`
	Assigned bool            `json:"assigned,omitempty"`
}

// list is one list and how its tasks were.
type list struct {
	Name string `json:"name"`
	// Delta is Graph's link to what comes next of the tasks; empty before the first
	// time.
	Delta string           `json:"delta,omitempty"`
	Tasks map[string]state `json:"tasks,omitempty"`
}

// state is what is remembered of a task.
type state struct {
	Title     string    `json:"title"`
	Status    string    `json:"status,omitempty"`
	Due       string    `json:"due,omitempty"`
	Important bool      `json:"important,omitempty"`
	Body      string    `json:"body,omitempty"` // a hash
	Announced string    `json:"announced,omitempty"`
	Done      time.Time `json:"done,omitzero"`
}

func decode(p *connector.Poll) checkpoint {
	c := checkpoint{}
	if p.Checkpoint == nil {
		return checkpoint{Version: version}
	}
	if err := json.Unmarshal(p.Checkpoint, &c); err != nil || c.Version != version {
		p.Log.Warn("the checkpoint cannot be read; what there is now counts as known")
		return checkpoint{Version: version}
	}
	maps.DeleteFunc(c.List, func(_ string, l *list) bool { return l == nil })
	return c
}

func (c checkpoint) encode() event.Checkpoint {
	b, err := json.Marshal(c)
	if err != nil {
		return nil // texts, times and maps always encode
	}
	return b
}

// forget drops tasks that have long been done.
func (c checkpoint) forget(now time.Time) {
	for _, l := range c.List {
		maps.DeleteFunc(l.Tasks, func(_ string, s state) bool { return !s.Done.IsZero() && now.Sub(s.Done) > keepDone })
	}
}
