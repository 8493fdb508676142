package intake

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// Quota bounds what one connector may store. Zero fields have defaults that a real
// source does not meet.
type Quota struct {
	// EventsPerHour is how many new events it may report; 0 means
	// [DefaultEventsPerHour].
	EventsPerHour int
	// EventBytes bounds one event, its card and data; 0 means [DefaultEventBytes].
	EventBytes int64
}

// The defaults of a quota.
const (
	DefaultEventsPerHour = 100_000
	DefaultEventBytes    = 4 << 20
)

var (
	// errOverQuota says that a connector has reported too many events in an hour.
	errOverQuota = errors.New("over its quota")
	// errTooLarge says that an event, or what has to be stored together, is too large.
	errTooLarge = errors.New("too large")
)

// overQuota is the health of a connector that reports more than its quota allows.
const overQuota = "over quota"

// quotaPause is how long a source is left alone that has reported too much.
const quotaPause = 5 * time.Minute

// quietAfter is how long after its last refusal a connector is within its quota again,
// for people.
const quietAfter = time.Hour

// quota counts a connector's new events: an hour's worth of them may come at once, and
// what was spent comes back over an hour.
type quota struct {
	perHour    int
	eventBytes int64

	mu sync.Mutex
	// left is how many there may be at the time at; less than none after a commit that
	// began in time.
	left float64
	at   time.Time
	// refused is when it last refused anything.
	refused time.Time
}

func newQuota(q Quota) *quota {
	if q.EventsPerHour <= 0 {
		q.EventsPerHour = DefaultEventsPerHour
	}
	if q.EventBytes <= 0 {
		q.EventBytes = DefaultEventBytes
	}
	return &quota{perHour: q.EventsPerHour, eventBytes: q.EventBytes, left: float64(q.EventsPerHour)}
}

// inherit goes on from what the connector had spent before a reload.
func (q *quota) inherit(before *quota) {
	before.mu.Lock()
	defer before.mu.Unlock()
	spent := float64(before.perHour) - before.left
	q.left, q.at, q.refused = float64(q.perHour)-spent, before.at, before.refused
}

// refill adds what has come back since it was last looked at.
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

// ask returns how long to wait before another event is allowed: 0 when one is. First
// says that this is the first refusal since long.
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

// problem says that the connector is over its quota; it is empty when it is not.
func (q *quota) problem(now time.Time) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.over(now) {
		return ""
	}
	return fmt.Sprintf("it reports more than the %d events an hour that its quota allows; what is too much is asked for again later", q.perHour)
}

// within refuses what the connector's quota does not allow, and lets the operators know
// of it once. Every error is a [connector.Error].
func (s *source) within(now time.Time) error {
	wait, first := s.quota.ask(now)
	if wait == 0 {
		return nil
	}
	problem := s.quota.problem(now)
	if first {
		s.intake.notify(Notice{Connector: s.name(), Broken: true, Health: overQuota, Problem: problem})
	}
	return &connector.Error{Kind: connector.KindThrottled, Until: now.Add(wait), Err: fmt.Errorf("%w: %s", errOverQuota, problem)}
}
