package intake

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// Quota bounds what one connector may store. The defaults of zero fields are beyond any
// real source.
type Quota struct {
	// EventsPerHour bounds the new events; 0 means 100,000.
	EventsPerHour int
	// EventBytes bounds one event's card and data; 0 means 4 MiB.
	EventBytes int64
}

// The defaults of a quota.
const (
	defaultEventsPerHour = 100_000
	defaultEventBytes    = 4 << 20
)

var (
	// errOverQuota says that a connector has reported too many events in an hour.
	errOverQuota = errors.New("over its quota")
	// errTooLarge says that an event, or a batch that must be stored whole, is too large.
	errTooLarge = errors.New("too large")
)

// overQuota is the health of a connector that reports more than its quota allows.
const overQuota = "over quota"

// quotaPause is how long a connector over its quota is not polled.
const quotaPause = 5 * time.Minute

// quietAfter is how long after its last refusal a connector is shown as within its
// quota again.
const quietAfter = time.Hour

// quota is a token bucket of a connector's new events: an hour's worth may come at
// once, and refills over an hour. Unlike [golang.org/x/time/rate] it may be overdrawn
// by a commit and can be taken over by another quota.
type quota struct {
	perHour    int
	eventBytes int64

	mu sync.Mutex
	// left is how many events were allowed at the time at; negative after a commit that
	// overdrew it.
	left float64
	at   time.Time
	// refused is when it last refused an event.
	refused time.Time
}

func newQuota(q Quota) *quota {
	if q.EventsPerHour <= 0 {
		q.EventsPerHour = defaultEventsPerHour
	}
	if q.EventBytes <= 0 {
		q.EventBytes = defaultEventBytes
	}
	return &quota{perHour: q.EventsPerHour, eventBytes: q.EventBytes, left: float64(q.EventsPerHour)}
}

// inherit takes over what the connector had spent before a reload.
func (q *quota) inherit(before *quota) {
	before.mu.Lock()
	defer before.mu.Unlock()
	spent := float64(before.perHour) - before.left
	q.left, q.at, q.refused = float64(q.perHour)-spent, before.at, before.refused
}

// refill adds what has become free since the last look.
func (q *quota) refill(now time.Time) {
	if passed := now.Sub(q.at); !q.at.IsZero() && passed > 0 {
		q.left += passed.Hours() * float64(q.perHour)
	}
	q.left, q.at = min(q.left, float64(q.perHour)), now
}

// spend counts new events.
func (q *quota) spend(now time.Time, events int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refill(now)
	q.left -= float64(events)
}

// ask returns how long to wait until another event is allowed, 0 if one is now. First
// says that it was within its quota until now.
func (q *quota) ask(now time.Time) (wait time.Duration, first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refill(now)
	if q.left >= 1 {
		return 0, false
	}
	first = !q.over(now)
	q.refused = now
	return time.Duration((1 - q.left) / float64(q.perHour) * float64(time.Hour)), first
}

func (q *quota) over(now time.Time) bool {
	return !q.refused.IsZero() && now.Sub(q.refused) < quietAfter
}

// problem says that the connector is over its quota, or nothing.
func (q *quota) problem(now time.Time) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.over(now) {
		return ""
	}
	return fmt.Sprintf("it reports more than the %d events an hour that its quota allows; events beyond that are postponed", q.perHour)
}

// within refuses events beyond the connector's quota and tells the operators once.
// Every error is a [connector.Error].
func (r *runner) within(now time.Time) error {
	wait, first := r.quota.ask(now)
	if wait == 0 {
		return nil
	}
	problem := r.quota.problem(now)
	if first {
		r.intake.notify(Notice{Connector: r.name(), Broken: true, Health: overQuota, Problem: problem})
	}
	return &connector.Error{Kind: connector.KindThrottled, Until: now.Add(wait), Err: fmt.Errorf("%w: %s", errOverQuota, problem)}
}
