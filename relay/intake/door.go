package intake

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/store"
)

const (
	// saveUseEvery is how often it is kept that a hook URL is used.
	saveUseEvery = time.Minute
	// tellKnocksEvery is how often the operators are told that somebody posts to a hook
	// URL that is closed.
	tellKnocksEvery = 24 * time.Hour
	// saveUseWithin is how long the store may take for that when the intake stops.
	saveUseWithin = 5 * time.Second
	// untilEnabled is what a sender is told while a connector is disabled, in seconds.
	untilEnabled = "300"
)

// door is one hook URL: one that a connector has, had before its last rotation, or had
// while it was in the configuration.
type door struct {
	name, token string
	// source is nil when the connector is not in the configuration.
	source *source
	// until is when the door closes after a rotation; zero means never.
	until time.Time
	// used is when it was last used, saved what the store knows of that, and told when
	// the operators last heard that it is closed; in microseconds, 0 for never.
	used, saved, told atomic.Int64
}

// Why a door is closed, as a connector's health would say it.
const (
	disabled = "disabled"
	removed  = "removed"
	rotated  = "rotated"
)

// closed says why nothing comes in; it is empty when the door is open.
func (d *door) closed(now time.Time) string {
	switch {
	case d.source == nil:
		return removed
	case !d.until.IsZero() && !d.until.After(now):
		return rotated
	case !d.source.connector.Enabled:
		return disabled
	}
	return ""
}

// doors are the hook URLs of these connectors, and of those that the store remembers.
// What is known of their use is taken over.
func (i *Intake) doors(connectors map[string]*source) (doors map[[sha256.Size]byte]*door, unknown bool) {
	i.mu.RLock()
	before := i.hooks
	i.mu.RUnlock()
	doors = make(map[[sha256.Size]byte]*door)
	add := func(d *door, used time.Time) {
		hash := sha256.Sum256([]byte(d.token))
		switch {
		case d.token == "":
			return
		case doors[hash] != nil:
			d = doors[hash]
		case before[hash] != nil:
			d.told.Store(before[hash].told.Load())
			d.used.Store(before[hash].used.Load())
			d.saved.Store(before[hash].saved.Load())
		}
		if !used.IsZero() {
			d.used.Store(max(d.used.Load(), used.UnixMicro()))
			d.saved.Store(max(d.saved.Load(), used.UnixMicro()))
		}
		doors[hash] = d
	}
	for name, s := range connectors {
		if s.connector.Receives {
			unknown = unknown || s.token == "" && s.connector.Enabled
			add(&door{name: name, token: s.token, source: s}, time.Time{})
		}
	}
	kept, err := i.options.Store.Connectors(i.ctx)
	if err != nil {
		i.options.Log.Warn().Err(err).Msg("the store cannot say which hook URLs there were; their last uses are not shown")
	}
	for _, c := range kept {
		s := connectors[c.Name]
		if s != nil && !s.connector.Receives {
			continue
		}
		add(&door{name: c.Name, token: c.HookToken, source: s}, c.HookUsed)
		add(&door{name: c.Name, token: c.Former.Token, source: s, until: c.Former.Until}, c.Former.Used)
	}
	return doors, unknown
}

// aliasesOf are the doors of those connectors whose hooks answer at a path, too. It is
// looked up by its hash, like a token.
func aliasesOf(connectors map[string]*source, doors map[[sha256.Size]byte]*door) map[[sha256.Size]byte]*door {
	aliases := make(map[[sha256.Size]byte]*door)
	for name, s := range connectors {
		if s.connector.Path == "" || !s.connector.Receives {
			continue
		}
		d := doors[sha256.Sum256([]byte(s.token))]
		if d == nil { // its token could not be read yet
			d = &door{name: name, source: s}
		}
		aliases[sha256.Sum256([]byte(s.connector.Path))] = d
	}
	return aliases
}

// enter notes that a door is used, and lets the request through when it is open. If it
// is not, the request has been answered and the operators hear of it: a disabled
// connector comes back, so its sender may try again; one that is gone is answered like
// any address that never was.
func (i *Intake) enter(d *door, w http.ResponseWriter, r *http.Request) bool {
	now := time.Now()
	d.used.Store(now.UnixMicro())
	if saved := d.saved.Load(); d.token != "" && now.Sub(time.UnixMicro(saved)) > saveUseEvery && d.saved.CompareAndSwap(saved, now.UnixMicro()) {
		i.background(func() { i.saveUse(i.ctx, map[string]time.Time{d.token: now}) })
	}
	why := d.closed(now)
	if why == "" {
		return true
	}
	status := http.StatusNotFound
	if why == disabled {
		status = http.StatusServiceUnavailable
		(&exchange{w: w, r: r}).unavailable("The connector is disabled; try again later.\n", untilEnabled)
	} else {
		http.NotFound(w, r)
	}
	i.metrics.requests.WithLabelValues(d.name, strconv.Itoa(status)).Inc()
	i.refusals.add(store.Refusal{
		Connector: d.name, Remote: i.remote(r), Method: card.Cut(r.Method, 20), Status: status, Reason: "the hook URL is " + why, Count: 1, First: now, Last: now,
	})
	if told := d.told.Load(); now.Sub(time.UnixMicro(told)) > tellKnocksEvery && d.told.CompareAndSwap(told, now.UnixMicro()) {
		i.background(func() {
			if i.options.Notify != nil {
				i.options.Notify(d.knock(why, status))
			}
		})
	}
	return false
}

// knock is what the operators are told of a request to a closed door.
func (d *door) knock(why string, status int) Notice {
	n := Notice{Connector: d.name, Broken: true, Health: why}
	advice := "Enable the connector, or have the sender stop."
	switch why {
	case removed:
		advice = fmt.Sprintf("If the connector has another name now, add a moved block (from = connector.%s); if not, have the sender stop, and forget the connector with `relay connectors forget %s`.", d.name, d.name)
	case rotated:
		n.Health = "called at its old hook URL"
		advice = "Give the sender the new one; `relay connectors` shows it."
	}
	n.Problem = fmt.Sprintf("Somebody still posts there, and is answered %d. %s You are told once a day.", status, advice)
	return n
}

// background does something that nobody waits for, unless the intake is stopping.
func (i *Intake) background(do func()) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if !i.stopped {
		i.notices.Go(do)
	}
}

func (i *Intake) saveUse(ctx context.Context, used map[string]time.Time) {
	if err := i.options.Store.SaveHookUse(ctx, used); err != nil {
		i.options.Log.Warn().Err(err).Msg("when hook URLs were last used could not be kept")
	}
}

// saveUses keeps what is not kept yet. Nothing uses a door any more.
func (i *Intake) saveUses() {
	used := make(map[string]time.Time)
	for _, d := range i.hooks {
		if at := d.used.Load(); at > d.saved.Load() {
			used[d.token] = time.UnixMicro(at)
		}
	}
	if len(used) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveUseWithin)
	defer cancel()
	i.saveUse(ctx, used)
}

// HookURL is a hook URL with what is known of its use.
type HookURL struct {
	Connector string
	// Path is "/hooks/" and the token.
	Path string
	// Closed says why nothing comes in, "disabled", "removed" or "rotated"; empty when
	// it works.
	Closed string
	// Until is when it closes after a rotation; zero when it was not replaced.
	Until time.Time
	// Used is when it was last used; zero means never.
	Used time.Time
}

// HookURLs are all hook URLs that there are and were.
func (i *Intake) HookURLs() []HookURL {
	i.mu.RLock()
	defer i.mu.RUnlock()
	var list []HookURL
	for _, d := range i.hooks {
		u := HookURL{Connector: d.name, Path: "/hooks/" + d.token, Closed: d.closed(time.Now()), Until: d.until}
		if at := d.used.Load(); at > 0 {
			u.Used = time.UnixMicro(at)
		}
		list = append(list, u)
	}
	return list
}

// Rotate gives a connector a new hook URL; the one it has works until then.
func (i *Intake) Rotate(ctx context.Context, name string, until time.Time) error {
	i.applying.Lock()
	defer i.applying.Unlock()
	old := i.all()[name]
	switch {
	case old == nil:
		return fmt.Errorf("connector %s: %w; `relay connectors` lists them", name, ErrNoConnector)
	case !old.connector.Receives:
		return fmt.Errorf("connector %s is polled; it has no hook URL", name)
	case old.down != nil:
		return fmt.Errorf("connector %s: %w", name, old.down)
	}
	s, err := newSource(i, old.connector)
	if err != nil {
		return err
	}
	token, err := i.options.Store.RotateHook(ctx, name, until)
	if err != nil {
		return err
	}
	stop([]*source{old})
	s.before = old
	if err := s.succeed(); err != nil {
		s.failed(err)
	}
	s.token = token
	current := maps.Clone(i.all())
	current[name] = s
	if i.adopt(current) {
		s.start(spread(1))
	}
	return nil
}

// Forget removes all that is kept of a connector that is not in the configuration.
func (i *Intake) Forget(ctx context.Context, name string) error {
	i.applying.Lock()
	defer i.applying.Unlock()
	err := i.options.Store.ForgetConnector(ctx, name)
	if err == nil {
		i.adopt(i.all())
	}
	return err
}
