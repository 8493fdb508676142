package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// saveRatesEvery is how often the rates are written. To count with each commit would cost
// it a row for each channel.
const saveRatesEvery = time.Minute

// rates count, in memory, what is committed.
type rates struct {
	mu    sync.Mutex
	all   map[counted]*ring
	saved time.Time
}

// counted is a connector whose events are counted, or a channel whose arrivals are.
type counted struct{ sort, name string }

// These are the sorts of what is counted.
const (
	eventsOf   = "connector"
	arrivalsIn = "channel"
)

// ring counts the hours of the last day; the count of an hour is at its number modulo 24.
type ring struct {
	counts [store.RateHours]int
	// hour is the last one counted, in hours since 1970.
	hour int64
	// unsaved is the first hour whose count has not been saved; 0 for none.
	unsaved int64
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

func newRates() *rates { return &rates{all: make(map[counted]*ring), saved: time.Now()} }

// load reads the counts that were saved.
func (r *rates) load(ctx context.Context, db *sql.DB, now time.Time) error {
	rows, err := db.QueryContext(ctx, "SELECT hour, sort, name, count FROM rates WHERE hour > ? ORDER BY hour", hourOf(now)-store.RateHours)
	err = each(rows, err, func() error {
		var of counted
		var hour int64
		var n int
		err := rows.Scan(&hour, &of.sort, &of.name, &n)
		r.ring(of).add(hour, n)
		return err
	})
	if err != nil {
		return fmt.Errorf("read the rates: %w", err)
	}
	return nil
}

func (r *rates) ring(of counted) *ring {
	n := r.all[of]
	if n == nil {
		n = &ring{}
		r.all[of] = n
	}
	return n
}

// add counts n more. An hour that is over by now counts nothing.
func (n *ring) add(hour int64, more int) {
	n.turn(hour)
	if hour == n.hour {
		n.counts[hour%store.RateHours] += more
	}
}

// turn goes on to an hour.
func (n *ring) turn(hour int64) {
	for ; n.hour < hour; n.hour++ {
		if hour-n.hour > store.RateHours {
			n.hour = hour - store.RateHours
		}
		n.counts[(n.hour+1)%store.RateHours] = 0
	}
}

// count counts n more of something.
func (r *rates) count(of counted, n int) {
	if n == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.ring(of)
	c.add(hourOf(time.Now()), n)
	if c.unsaved == 0 {
		c.unsaved = c.hour
	}
}

// Rates implements [store.Store].
func (s *Store) Rates(ctx context.Context) (store.Rates, error) {
	if err := ctx.Err(); err != nil {
		return store.Rates{}, err
	}
	if s.queue.isClosed() {
		return store.Rates{}, store.ErrClosed
	}
	return s.lanes.rates.last(time.Now()), nil
}

// last returns the counts of the last day.
func (r *rates) last(now time.Time) store.Rates {
	r.mu.Lock()
	defer r.mu.Unlock()
	hour := hourOf(now)
	list := store.Rates{Hour: time.Unix(hour*3600, 0), Events: make(map[string][]int), Deliveries: make(map[string][]int)}
	for of, n := range r.all {
		if hour-n.hour >= store.RateHours {
			delete(r.all, of)
			continue
		}
		n.turn(hour)
		hours := make([]int, store.RateHours)
		for i := range hours {
			hours[i] = n.counts[(hour+1+int64(i))%store.RateHours]
		}
		if of.sort == eventsOf {
			list.Events[of.name] = hours
		} else {
			list.Deliveries[of.name] = hours
		}
	}
	return list
}

// savedRate is a row of the file.
type savedRate struct {
	counted
	hour  int64
	count int
}

// unsaved returns what should be written by now; always says that it is time.
func (r *rates) unsaved(now time.Time, always bool) (list []savedRate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !always && now.Sub(r.saved) < saveRatesEvery {
		return nil
	}
	r.saved = now
	for of, n := range r.all {
		if n.unsaved == 0 {
			continue
		}
		for hour := max(n.unsaved, n.hour-store.RateHours+1); hour <= n.hour; hour++ {
			if count := n.counts[hour%store.RateHours]; count > 0 {
				list = append(list, savedRate{of, hour, count})
			}
		}
		n.unsaved = 0
	}
	return list
}

// saveRates hands what should be written by now to the committer. When that fails, an
// hour's count is written with the next one.
func (s *Store) saveRates(always bool) {
	now := time.Now()
	list := s.lanes.rates.unsaved(now, always)
	if len(list) == 0 {
		return
	}
	s.queue.add(&operation{what: "save rates", rows: len(list), done: make(chan struct{}), do: func(w *writer) error {
		for _, r := range list {
			if _, err := w.exec("INSERT OR REPLACE INTO rates (hour, sort, name, count) VALUES (?,?,?,?)", r.hour, r.sort, r.name, r.count); err != nil {
				return err
			}
		}
		_, err := w.exec("DELETE FROM rates WHERE hour <= ?", hourOf(now)-store.RateHours)
		return err
	}})
}
