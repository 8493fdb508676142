package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// cacheBytes bounds the cards kept in memory, over all lanes.
const cacheBytes = 64 << 20

// cacheDepth bounds the deliveries of one lane kept in memory: a lane that falls
// behind further reads from the file, and the others keep their place.
const cacheDepth = 512

// lanes is what the store knows of its lanes without asking the file: how much
// waits, and the newest deliveries of lanes that keep up. It changes only after a
// commit, in commit order.
type lanes struct {
	mu    sync.Mutex
	all   map[string]*lane
	bytes int
}

// lane is one channel's queue in memory.
type lane struct {
	waiting int
	// recent are the waiting deliveries with an ID above cached, oldest first.
	// Everything above cached is here: nothing is left out in between.
	recent []delivery.Delivery
	cached int64
}

func newLanes() *lanes { return &lanes{all: make(map[string]*lane)} }

// load counts what waits; the lane index answers that without reading cards.
func (l *lanes) load(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT channel, count(*), max(id) FROM deliveries WHERE state = 'waiting' GROUP BY channel")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var channel string
		n := &lane{}
		if err := rows.Scan(&channel, &n.waiting, &n.cached); err != nil {
			return err
		}
		l.all[channel] = n
	}
	return rows.Err()
}

func (l *lanes) lane(channel string) *lane {
	n := l.all[channel]
	if n == nil {
		n = &lane{}
		l.all[channel] = n
	}
	return n
}

// add takes in a delivery that was just committed.
func (l *lanes) add(d delivery.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.lane(d.Channel)
	n.waiting++
	if len(n.recent) >= cacheDepth || l.bytes+len(d.Card) > cacheBytes {
		l.forget(n)
		n.cached = d.ID
		return
	}
	n.recent = append(n.recent, d)
	l.bytes += len(d.Card)
}

// forget lets a lane's cards go; they are in the file.
func (l *lanes) forget(n *lane) {
	for _, d := range n.recent {
		l.bytes -= len(d.Card)
		n.cached = max(n.cached, d.ID)
	}
	n.recent = nil
}

// update takes in a delivery's new state after a commit.
func (l *lanes) update(d delivery.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.lane(d.Channel)
	for i := range n.recent {
		if n.recent[i].ID != d.ID {
			continue
		}
		if d.State == delivery.Waiting {
			n.recent[i] = d
			return
		}
		l.bytes -= len(n.recent[i].Card)
		n.recent = append(n.recent[:i], n.recent[i+1:]...)
		break
	}
	if d.State != delivery.Waiting {
		n.waiting--
	}
}

// replayed takes in deliveries that wait again at an old position.
func (l *lanes) replayed(channel string, id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.lane(channel)
	n.waiting++
	if id > n.cached {
		l.forget(n)
		n.cached = max(n.cached, id)
	}
}

// heads answers from memory when all that was asked for is there.
func (l *lanes) heads(channel string, after int64, n int) ([]delivery.Delivery, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.all[channel]
	if lane == nil || lane.waiting == 0 {
		return nil, true
	}
	if after < lane.cached && lane.waiting > len(lane.recent) {
		return nil, false
	}
	var out []delivery.Delivery
	for _, d := range lane.recent {
		if d.ID > after && len(out) < n {
			out = append(out, d)
		}
	}
	return out, true
}

// waiting returns the counts by channel.
func (l *lanes) counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := make(map[string]int, len(l.all))
	for channel, n := range l.all {
		if n.waiting > 0 {
			m[channel] = n.waiting
		}
	}
	return m
}

// micros and moment convert between times and what the file holds.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us)
}
