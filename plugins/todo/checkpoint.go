package todo

import (
	"maps"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// version is the checkpoint's form.
const version = 1

// keepDone is how long a finished task is remembered: until then it may be reopened.
const keepDone = 90 * 24 * time.Hour

// checkpoint is the position in Graph's deltas, and how each task was.
type checkpoint struct {
	// Polled is when the last poll began; zero before the first one.
	Polled time.Time `json:"polled,omitzero"`
	// Lists is Graph's link to what comes next of the lists.
	Lists string `json:"lists,omitempty"`
	// List holds the lists by their id.
	List map[string]*list `json:"list,omitempty"`
	// Planner holds the tasks that were assigned, and Assigned whether they have been
	// asked for at all.
	Planner  map[string]bool `json:"planner,omitempty"`
	Assigned bool            `json:"assigned,omitempty"`
}

// list is one list and how its tasks were.
type list struct {
	Name string `json:"name"`
	// Delta is Graph's link to what comes next of the tasks; empty before the first
	// time.
	Delta string `json:"delta,omitempty"`
	// Read is up to when the tasks are known: of those that are not remembered, only
	// what was made since is news when all of them are read.
	Read  time.Time        `json:"read,omitzero"`
	Tasks map[string]state `json:"tasks,omitempty"`
}

// state is what is remembered of a task.
type state struct {
	Title      string `json:"title"`
	Status     string `json:"status,omitempty"`
	Importance string `json:"importance,omitempty"`
	// Due is as Graph writes it: the day depends on the time zone, which may be
	// configured anew.
	Due   moment `json:"due,omitempty"`
	Body  string `json:"body,omitempty"` // a hash
	Steps steps  `json:"steps,omitzero"`
	// Announced is the due day that was announced.
	Announced string `json:"announced,omitempty"`
	// Done is when it was finished.
	Done time.Time `json:"done,omitzero"`
}

// recall reads the checkpoint. A preview begins anew.
func recall(p *connector.Poll) checkpoint {
	var c checkpoint
	if p.Preview == 0 {
		c, _ = connector.Recall[checkpoint](p, version)
	}
	if c.List == nil {
		c.List = make(map[string]*list)
	}
	maps.DeleteFunc(c.List, func(_ string, l *list) bool { return l == nil })
	return c
}

// forget drops tasks that have long been done.
func (c checkpoint) forget(now time.Time) {
	for _, l := range c.List {
		maps.DeleteFunc(l.Tasks, func(_ string, s state) bool { return !s.Done.IsZero() && now.Sub(s.Done) > keepDone })
	}
}

// unfollow forgets the tasks of a list that is not wanted: when it is wanted again,
// what happened meanwhile is old.
func (l *list) unfollow(now time.Time) {
	l.Delta, l.Tasks, l.Read = "", nil, now
}
