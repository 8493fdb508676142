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

func decode(p *connector.Poll) checkpoint {
	fresh := checkpoint{Version: version, List: make(map[string]*list)}
	if p.Checkpoint == nil || p.Preview > 0 {
		return fresh
	}
	var c checkpoint
	if err := json.Unmarshal(p.Checkpoint, &c); err != nil || c.Version != version {
		p.Log.Warn("the checkpoint cannot be read; what there is now counts as known")
		return fresh
	}
	if c.List == nil {
		c.List = fresh.List
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

// unfollow forgets the tasks of a list that is not wanted: when it is wanted again,
// what happened meanwhile is old.
func (l *list) unfollow(now time.Time) {
	l.Delta, l.Tasks, l.Read = "", nil, now
}
