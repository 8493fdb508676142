package todo

import (
	"maps"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// version is the version of the checkpoint's format.
const version = 1

// keepDone is how long a finished task is remembered: until then it may be reopened.
const keepDone = 90 * 24 * time.Hour

// checkpoint is the position in Graph's deltas, and the last known state of each task.
type checkpoint struct {
	// Polled is when the last poll began; zero before the first one.
	Polled time.Time `json:"polled,omitzero"`
	// Lists is Graph's link to the next changes of the lists.
	Lists string `json:"lists,omitempty"`
	// List holds the lists by id.
	List map[string]*list `json:"list,omitempty"`
	// Planner holds the assigned tasks, and Assigned says whether a poll has asked for them yet.
	Planner  map[string]bool `json:"planner,omitempty"`
	Assigned bool            `json:"assigned,omitempty"`
}

// list is one list and the last known state of its tasks.
type list struct {
	Name string `json:"name"`
	// Delta is Graph's link to the next changes of the tasks; it is empty before the first poll.
	Delta string `json:"delta,omitempty"`
	// Read is the time up to which the tasks are known: when all of them are read again,
	// those that are not remembered are news only if they were created since.
	Read  time.Time        `json:"read,omitzero"`
	Tasks map[string]state `json:"tasks,omitempty"`
}

// state is the remembered state of a task.
type state struct {
	Title      string `json:"title"`
	Status     string `json:"status,omitempty"`
	Importance string `json:"importance,omitempty"`
	// Due is as Graph writes it, because the day depends on the time zone, whose setting
	// may change.
	Due   moment `json:"due,omitempty"`
	Body  string `json:"body,omitempty"` // a hash
	Steps steps  `json:"steps,omitzero"`
	// Announced is the due day that was announced.
	Announced string `json:"announced,omitempty"`
	// Done is when the task was completed.
	Done time.Time `json:"done,omitzero"`
}

// recall reads the checkpoint. A preview starts without one.
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

// forget drops tasks that were completed long ago.
func (c checkpoint) forget(now time.Time) {
	for _, l := range c.List {
		maps.DeleteFunc(l.Tasks, func(_ string, s state) bool { return !s.Done.IsZero() && now.Sub(s.Done) > keepDone })
	}
}

// unfollow forgets the tasks of a list that is no longer wanted, so that nothing that
// happened in the meantime is news when it is wanted again.
func (l *list) unfollow(now time.Time) {
	l.Delta, l.Tasks, l.Read = "", nil, now
}
