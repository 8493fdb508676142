package sqlite

import (
	"container/list"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// cacheBytes bounds the cards kept in memory, over all lanes, and cacheDepth those
// of one lane: a lane that falls behind further is read from the file.
const (
	cacheBytes = 64 << 20
	cacheDepth = 256
)

// cacheOverhead is roughly what a cached delivery takes besides its card.
const cacheOverhead = 512

// lanes is what the store knows of its lanes without asking the file: how much
// waits, and the first cards of lanes that keep up. It changes only after a
// commit, in the order of commits, with mu held by the committer.
type lanes struct {
	mu    sync.Mutex
	all   map[string]*lane
	bytes int
	cards int
	// order holds the lanes that have cards in memory; the one that delivered last
	// is in front. A stuck lane must not keep the memory from those that move.
	order *list.List
	// rates has a lock of its own.
	rates *rates
}

// tally counts what waits, and what of it is urgent.
type tally struct{ all, urgent int }

// lane is one channel's queue in memory.
type lane struct {
	waiting int
	// by is how much of it belongs to each connector; a connector with nothing waiting
	// is not in it.
	by map[string]tally
	// front are the first waiting deliveries, oldest first, with none left out in
	// between. When it holds all that wait, new ones are added to it; once some are
	// left out, it only gets shorter until nothing waits or a reader fills it.
	front []delivery.Delivery
	place *list.Element
	// changes counts what happened to the lane, except new deliveries at its end: what
	// was read from the file before a change must not be remembered after it.
	changes int
	// head is when the oldest was accepted, as the file said after headAt changes.
	head   time.Time
	headAt int
}

func newLanes() *lanes {
	return &lanes{all: make(map[string]*lane), order: list.New(), rates: newRates()}
}

// load counts what waits; the lane index answers that without touching a card.
func (l *lanes) load(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT channel, connector, count(*), 0 FROM deliveries INDEXED BY deliveries_turns WHERE state = 'waiting' GROUP BY channel, connector
		UNION ALL SELECT channel, connector, 0, count(*) FROM deliveries INDEXED BY deliveries_urgent_turns WHERE state = 'waiting' AND urgent = 1 GROUP BY channel, connector`)
	err = each(rows, err, func() error {
		var channel, connector string
		var more tally
		err := rows.Scan(&channel, &connector, &more.all, &more.urgent)
		l.lane(channel).count(connector, more)
		return err
	})
	if err != nil {
		return fmt.Errorf("count what waits: %w", err)
	}
	return l.rates.load(ctx, db, time.Now())
}

func (l *lanes) lane(channel string) *lane {
	n := l.all[channel]
	if n == nil {
		n = &lane{headAt: -1, by: make(map[string]tally)}
		l.all[channel] = n
	}
	return n
}

// count adds to what a connector has waiting.
func (n *lane) count(connector string, more tally) {
	n.waiting += more.all
	t := n.by[connector].plus(more)
	if t == (tally{}) {
		delete(n.by, connector)
		return
	}
	n.by[connector] = t
}

// one returns the tally of one delivery.
func one(urgent bool) tally {
	if urgent {
		return tally{all: 1, urgent: 1}
	}
	return tally{all: 1}
}

func (t tally) plus(o tally) tally { return tally{all: t.all + o.all, urgent: t.urgent + o.urgent} }

func (t tally) negative() tally { return tally{all: -t.all, urgent: -t.urgent} }

// whole reports whether all that waits is in memory.
func (n *lane) whole() bool { return len(n.front) >= n.waiting }

// search returns the place in the front of the first delivery whose number is above
// after.
func (n *lane) search(after int64) int {
	at, _ := slices.BinarySearchFunc(n.front, after+1, func(d delivery.Delivery, id int64) int {
		switch {
		case d.ID < id:
			return -1
		case d.ID > id:
			return 1
		}
		return 0
	})
	return at
}

func size(d delivery.Delivery) int { return len(d.Card) + cacheOverhead }

// add adds a new delivery to the end of its lane.
func (l *lanes) add(d delivery.Delivery) {
	n := l.lane(d.Channel)
	keep := n.whole() && len(n.front) < cacheDepth
	n.count(d.Connector, one(d.Urgent))
	if last := len(n.front) - 1; last >= 0 && n.front[last].ID >= d.ID {
		return // a reader was faster; see fill
	}
	if keep && l.room(n, size(d)) {
		l.keep(n, d)
	}
}

// keep appends a delivery to a lane's front.
func (l *lanes) keep(n *lane, d delivery.Delivery) {
	if n.place == nil {
		n.place = l.order.PushFront(n)
	}
	n.front = append(n.front, d)
	l.bytes += size(d)
	l.cards++
}

// room makes room for a lane's delivery at the cost of the lanes that have gone longest
// without delivering.
func (l *lanes) room(n *lane, bytes int) bool {
	for l.bytes+bytes > cacheBytes {
		last := l.order.Back()
		if last == nil || last.Value == n {
			return false
		}
		l.cut(last.Value.(*lane), 0)
	}
	return true
}

// cut forgets a lane's front from a place on.
func (l *lanes) cut(n *lane, from int) {
	for _, d := range n.front[from:] {
		l.bytes -= size(d)
		l.cards--
	}
	clear(n.front[from:])
	n.front = n.front[:from]
	l.tidy(n)
}

// tidy takes a lane without cards in memory off the list.
func (l *lanes) tidy(n *lane) {
	if len(n.front) > 0 {
		return
	}
	n.front = nil
	if n.place != nil {
		l.order.Remove(n.place)
		n.place = nil
	}
}

// update applies an attempt's outcome to a waiting delivery.
func (l *lanes) update(d delivery.Delivery) {
	n := l.lane(d.Channel)
	n.changes++
	at := n.search(d.ID - 1)
	found := at < len(n.front) && n.front[at].ID == d.ID
	if d.State == delivery.Waiting {
		if found {
			f := &n.front[at]
			f.Attempts, f.Next, f.Unknown, f.Digest, f.Reason, f.Crashes = d.Attempts, d.Next, d.Unknown, d.Digest, d.Reason, d.Crashes
		}
		return
	}
	n.count(d.Connector, one(d.Urgent).negative())
	if !found {
		return
	}
	l.bytes -= size(n.front[at])
	l.cards--
	if at == 0 {
		n.front[0] = delivery.Delivery{}
		n.front = n.front[1:]
	} else {
		n.front = slices.Delete(n.front, at, at+1)
	}
	l.order.MoveToFront(n.place)
	l.tidy(n)
}

// replayed adds a delivery that waits again at its old position.
func (l *lanes) replayed(d delivery.Delivery) {
	n := l.lane(d.Channel)
	n.changes++
	n.count(d.Connector, one(d.Urgent))
	l.cut(n, n.search(d.ID-1))
}

// moved records that some of a lane's deliveries, this many of each connector, now belong
// to another lane, in which they may be anywhere.
func (l *lanes) moved(from, to string, by map[string]tally) {
	l.shortened(from, by)
	heir := l.lane(to)
	heir.changes++
	for connector, t := range by {
		heir.count(connector, t)
	}
	l.cut(heir, 0)
}

// shortened records that some of a lane's deliveries, this many of each connector, no
// longer wait.
func (l *lanes) shortened(channel string, by map[string]tally) {
	lane := l.lane(channel)
	lane.changes++
	for connector, t := range by {
		lane.count(connector, t.negative())
	}
	l.cut(lane, 0)
}

// heads answers [Store.Heads] from memory if it can. If it cannot, it returns the changes
// that fill needs.
func (l *lanes) heads(channel string, urgent bool, most int) (list []delivery.Delivery, changes int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.all[channel]
	if n == nil || n.waiting <= 0 || most <= 0 {
		return nil, 0, true
	}
	if !urgent {
		list = slices.Clone(n.front[:min(len(n.front), most)])
	} else {
		for _, d := range n.front {
			if d.Urgent && len(list) < most {
				list = append(list, d)
			}
		}
	}
	return list, n.changes, len(list) == most || n.whole()
}

// waiting returns how much waits in a lane, and how much of that belongs to the connector
// that has most.
func (l *lanes) waiting(channel string) (all, most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.all[channel]
	if n == nil {
		return 0, 0
	}
	for _, t := range n.by {
		most = max(most, t.all)
	}
	return n.waiting, most
}

// share is how many deliveries of a connector are among the next of a lane.
type share struct {
	connector  string
	waiting    int
	deliveries int
}

// shares divides the next n places of a lane among its connectors, which take turns
// from the first name that is not less than from.
func (l *lanes) shares(channel, from string, urgent bool, n int) []share {
	list := l.sharers(channel, urgent)
	slices.SortFunc(list, func(a, b share) int { return strings.Compare(a.connector, b.connector) })
	first, _ := slices.BinarySearchFunc(list, from, func(s share, name string) int { return strings.Compare(s.connector, name) })
	list = slices.Concat(list[first:], list[:first])
	for given := true; given && n > 0; {
		given = false
		for i := range list {
			if s := &list[i]; n > 0 && s.deliveries < s.waiting {
				s.deliveries++
				n--
				given = true
			}
		}
	}
	return list
}

// sharers returns the connectors that have something waiting in a lane.
func (l *lanes) sharers(channel string, urgent bool) []share {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.all[channel]
	if n == nil {
		return nil
	}
	list := make([]share, 0, len(n.by))
	for connector, t := range n.by {
		waiting := t.all
		if urgent {
			waiting = t.urgent
		}
		if waiting > 0 {
			list = append(list, share{connector: connector, waiting: waiting})
		}
	}
	return list
}

// fill remembers all that waits in a lane, as a reader found it in the file after this
// many changes. What is being committed right now may already be in the list; add allows
// for that.
func (l *lanes) fill(channel string, list []delivery.Delivery, changes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.lane(channel)
	if n.changes != changes || len(list) > cacheDepth || len(list) < n.waiting {
		return
	}
	l.cut(n, 0)
	for _, d := range list {
		if !l.room(n, size(d)) {
			l.cut(n, 0)
			return
		}
		l.keep(n, d)
	}
}

// count is a lane's length and age. Known is false when only the file knows the age;
// changes is then what learn needs.
type count struct {
	waiting int
	oldest  time.Time
	known   bool
	changes int
}

// counts returns the lanes in which something waits.
func (l *lanes) counts() map[string]count {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]count, len(l.all))
	for channel, n := range l.all {
		switch {
		case n.waiting <= 0:
		case len(n.front) > 0:
			all[channel] = count{waiting: n.waiting, oldest: n.front[0].AcceptedAt, known: true}
		default:
			all[channel] = count{waiting: n.waiting, oldest: n.head, known: n.headAt == n.changes, changes: n.changes}
		}
	}
	return all
}

// learn remembers how old a lane is, as the file says.
func (l *lanes) learn(channel string, oldest time.Time, changes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.lane(channel); n.changes == changes {
		n.head, n.headAt = oldest, changes
	}
}

// cached returns how many cards are in memory.
func (l *lanes) cached() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cards
}
