package mute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

// The bounds of one mute; [store.MaxMutes] bounds how many there are.
const (
	// Longest is how long one may last.
	Longest = 366 * 24 * time.Hour
	// longestCondition and longestReason are in bytes.
	longestCondition = 2000
	longestReason    = 300
)

// ErrInvalid says that a mute is not possible as it was asked for.
var ErrInvalid = errors.New("this cannot be muted")

// Board holds the mutes in force. All methods are safe for concurrent use; those that
// only read work on a nil board, where nothing is muted.
type Board struct {
	store store.Muting
	// changing is held while the set changes.
	changing sync.Mutex
	// set is nil while there are no mutes.
	set atomic.Pointer[set]
}

// Open returns a board with the mutes that the store holds.
func Open(ctx context.Context, s store.Muting) (*Board, error) {
	b := &Board{store: s}
	return b, b.Refresh(ctx)
}

// Refresh reads the mutes again, and forgets those that have ended.
func (b *Board) Refresh(ctx context.Context) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	return b.refresh(ctx)
}

func (b *Board) refresh(ctx context.Context) error {
	stored, err := b.store.Mutes(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	stored = slices.DeleteFunc(stored, func(m store.Mute) bool { return !now.Before(m.Until) })
	if len(stored) == 0 {
		b.set.Store(nil)
	} else {
		b.set.Store(newSet(stored))
	}
	return nil
}

// Over decides about one event of a connector. Without mutes it costs nothing.
func (b *Board) Over(connector string, e event.Event) Ruling {
	if b == nil {
		return Ruling{}
	}
	s := b.set.Load()
	if s == nil {
		return Ruling{}
	}
	return s.over(connector, e, time.Now())
}

// Channel returns what mutes a channel, whatever the card; nil when nothing does.
func (b *Board) Channel(name string) *Mute { return b.Over("", event.Event{}).For(name) }

// List returns the mutes in force, the one that ends first before the others.
func (b *Board) List() []Mute {
	list := []Mute{}
	if b == nil {
		return list
	}
	s := b.set.Load()
	if s == nil {
		return list
	}
	now := time.Now()
	for _, m := range s.list {
		if now.Before(m.Until) {
			list = append(list, *m)
		}
	}
	slices.SortStableFunc(list, func(a, b Mute) int { return a.Until.Compare(b.Until) })
	return list
}

// Begin mutes from now on. It fails with [ErrInvalid] when the mute makes no sense.
func (b *Board) Begin(ctx context.Context, m store.Mute) (Mute, error) {
	m.ID, m.Since = 0, time.Now()
	m.Reason, m.Condition = strings.TrimSpace(m.Reason), strings.TrimSpace(m.Condition)
	if err := check(m); err != nil {
		return Mute{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	b.changing.Lock()
	defer b.changing.Unlock()
	if n := len(b.List()); n >= store.MaxMutes {
		return Mute{}, fmt.Errorf("%w: there are %d mutes already; end some first", ErrInvalid, n)
	}
	m, err := b.store.SaveMute(ctx, m)
	if err != nil {
		return Mute{}, err
	}
	return Mute{Mute: m}, b.refresh(ctx)
}

// End ends a mute now. It fails with [store.ErrNotFound] when there is none.
func (b *Board) End(ctx context.Context, id int64) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	if err := b.store.EndMute(ctx, id); err != nil {
		return err
	}
	return b.refresh(ctx)
}

// Rename lets mutes of a connector or a channel follow it to its new name.
func (b *Board) Rename(ctx context.Context, sort, from, to string) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	renamed := false
	for _, m := range b.List() {
		if about := m.Sort == Condition && sort == Connector; m.Name != from || m.Sort != sort && !about {
			continue
		}
		m.Name, renamed = to, true
		if _, err := b.store.SaveMute(ctx, m.Mute); err != nil {
			return fmt.Errorf("rename mute %d: %w", m.ID, err)
		}
	}
	if !renamed {
		return nil
	}
	return b.refresh(ctx)
}

// Find returns a mute in force.
func (b *Board) Find(id int64) (Mute, bool) {
	list := b.List()
	at := slices.IndexFunc(list, func(m Mute) bool { return m.ID == id })
	if at < 0 {
		return Mute{}, false
	}
	return list[at], true
}

// check finds what is wrong with a new mute.
func check(m store.Mute) error {
	if err := checkSubject(m); err != nil {
		return err
	}
	switch lasts := m.Until.Sub(m.Since); {
	case m.Until.IsZero():
		return errors.New("it needs a time at which it ends")
	case lasts <= 0:
		return errors.New("the time at which it ends is over")
	case lasts > Longest:
		return errors.New("a mute lasts a year at most; to stop for good, remove the route or disable the connector")
	case len(m.Reason) > longestReason:
		return fmt.Errorf("the reason has %d bytes; at most %d are allowed", len(m.Reason), longestReason)
	case !utf8.ValidString(m.Reason):
		return errors.New("the reason is not UTF-8")
	}
	return nil
}

// checkSubject finds what is wrong with what is to be muted.
func checkSubject(m store.Mute) error {
	switch {
	case !slices.Contains(Sorts(), m.Sort):
		return fmt.Errorf("what is muted is one of %s", strings.Join(Sorts(), ", "))
	case m.Sort != Condition && m.Condition != "":
		return fmt.Errorf("a %s is muted as a whole; leave the condition out", m.Sort)
	case m.Sort != Condition && m.Name == "":
		return fmt.Errorf("name the %s", m.Sort)
	case m.Sort != Condition:
		return nil
	case len(m.Condition) > longestCondition:
		return fmt.Errorf("the condition has %d bytes; at most %d are allowed", len(m.Condition), longestCondition)
	}
	if _, err := route.NewConditions().Add(m.Condition); err != nil {
		return fmt.Errorf("the condition is wrong: %w", err)
	}
	return nil
}
