package intake

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// saveUseEvery is how often the last use of a hook URL is saved.
	saveUseEvery = time.Minute
	// closedNoticeEvery is how often the operators are told that requests arrive at a
	// closed hook URL.
	closedNoticeEvery = 24 * time.Hour
	// saveUseWithin bounds that saving while the intake stops.
	saveUseWithin = 5 * time.Second
	// untilEnabled is the Retry-After of a disabled connector, in seconds.
	untilEnabled = "300"
)

// hook is one hook URL: a connector's current one, the one before its last rotation, or
// that of a connector no longer in the configuration.
type hook struct {
	name, token string
	// runner is nil when the connector is not in the configuration.
	runner *runner
	// until is when the URL closes after a rotation; zero means never.
	until time.Time
	// used is when a request last came, saved the last use that the store knows, and
	// notified when the operators last heard that the URL is closed; in Unix microseconds,
	// 0 for never.
	used, saved, notified atomic.Int64
}

// Why a hook is closed, in the words of a connector's health.
const (
	disabled = "disabled"
	removed  = "removed"
	rotated  = "rotated"
	expired  = "expired"
)

// closed says why requests are refused; it is empty while the hook is open.
func (h *hook) closed(now time.Time) string {
	switch {
	case h.runner == nil:
		return removed
	case !h.until.IsZero() && !h.until.After(now):
		return rotated
	case !h.runner.connector.Enabled:
		return disabled
	case h.runner.connector.expired(now):
		return expired
	}
	return ""
}

func (s Spec) expired(now time.Time) bool { return !s.Expires.IsZero() && !s.Expires.After(now) }

// findHooks returns the hook URLs of these connectors and those that the store
// remembers, with their last uses. Pending says that some tokens could not be read yet.
func (i *Intake) findHooks(connectors map[string]*runner) (hooks map[[sha256.Size]byte]*hook, pending bool) {
	i.mu.RLock()
	before := i.hooks
	i.mu.RUnlock()
	hooks = make(map[[sha256.Size]byte]*hook)
	add := func(h *hook, used time.Time) {
		hash := sha256.Sum256([]byte(h.token))
		switch {
		case h.token == "":
			return
		case hooks[hash] != nil:
			h = hooks[hash]
		case before[hash] != nil:
			h.notified.Store(before[hash].notified.Load())
			h.used.Store(before[hash].used.Load())
			h.saved.Store(before[hash].saved.Load())
		}
		if !used.IsZero() {
			h.used.Store(max(h.used.Load(), used.UnixMicro()))
			h.saved.Store(max(h.saved.Load(), used.UnixMicro()))
		}
		hooks[hash] = h
	}
	for name, r := range connectors {
		if r.connector.Receives {
			pending = pending || r.token == "" && r.connector.Enabled
			add(&hook{name: name, token: r.token, runner: r}, time.Time{})
		}
	}
	known, err := i.options.Store.Connectors(i.ctx)
	if err != nil {
		i.options.Log.Warn().Err(err).Msg("could not read former hook URLs from the store; their last uses are not shown")
	}
	for _, c := range known {
		r := connectors[c.Name]
		if r != nil && !r.connector.Receives {
			continue
		}
		add(&hook{name: c.Name, token: c.HookToken, runner: r}, c.HookUsed)
		add(&hook{name: c.Name, token: c.Former.Token, runner: r, until: c.Former.Until}, c.Former.Used)
	}
	return hooks, pending
}

// aliasesOf returns the hooks that also answer at a path, by the path's hash.
func aliasesOf(connectors map[string]*runner, hooks map[[sha256.Size]byte]*hook) map[[sha256.Size]byte]*hook {
	aliases := make(map[[sha256.Size]byte]*hook)
	for name, r := range connectors {
		if r.connector.Path == "" || !r.connector.Receives {
			continue
		}
		h := hooks[sha256.Sum256([]byte(r.token))]
		if h == nil { // its token could not be read yet
			h = &hook{name: name, runner: r}
		}
		aliases[sha256.Sum256([]byte(r.connector.Path))] = h
	}
	return aliases
}

// enter records the hook's use and reports whether the hook is open. If not, enter
// answers the request and tells the operators: the sender to a disabled connector is
// asked to try again, and a removed hook is answered like an address that never
// existed.
func (x *exchange) enter() bool {
	i, h, now := x.intake, x.hook, time.Now()
	h.used.Store(now.UnixMicro())
	if saved := h.saved.Load(); h.token != "" && now.Sub(time.UnixMicro(saved)) > saveUseEvery && h.saved.CompareAndSwap(saved, now.UnixMicro()) {
		i.background(func() { i.saveUse(i.ctx, map[string]time.Time{h.token: now}) })
	}
	why := h.closed(now)
	if why == "" {
		return true
	}
	if why == disabled {
		x.unavailable("The connector is disabled; try again later.\n", untilEnabled)
	} else {
		x.status = http.StatusNotFound
		http.NotFound(x.w, x.r)
	}
	x.closed, x.answered = true, "the hook URL is "+why
	if at := h.notified.Load(); now.Sub(time.UnixMicro(at)) > closedNoticeEvery && h.notified.CompareAndSwap(at, now.UnixMicro()) {
		i.background(func() {
			if i.options.Notify != nil {
				i.options.Notify(h.closedNotice(why, x.status))
			}
		})
	}
	return false
}

// closedNotice tells the operators of a request to a closed hook.
func (h *hook) closedNotice(why string, status int) Notice {
	n := Notice{Connector: h.name, Broken: true, Health: why}
	advice := "Enable the connector or stop the sender."
	switch why {
	case removed:
		advice = fmt.Sprintf("If the connector was renamed, add a moved block (from = connector.%s). Otherwise stop the sender and run `relay connectors forget %s`.", h.name, h.name)
	case expired:
		advice = "Give the connector a later day on which its hook ends, or stop the sender."
	case rotated:
		n.Health = "called at its old hook URL"
		advice = "Give the sender the new URL; `relay connectors` shows it."
	}
	n.Problem = fmt.Sprintf("Requests still arrive there and are answered with status %d. %s This notice repeats at most once a day.", status, advice)
	return n
}

// background runs something that no request waits for, unless the intake is stopping.
func (i *Intake) background(do func()) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if !i.stopped {
		i.notices.Go(do)
	}
}

func (i *Intake) saveUse(ctx context.Context, used map[string]time.Time) {
	if err := i.options.Store.SaveHookUse(ctx, used); err != nil {
		i.options.Log.Warn().Err(err).Msg("could not save when hook URLs were last used")
	}
}

// saveUses saves the uses that are not saved yet. By now no request is under way.
func (i *Intake) saveUses() {
	used := make(map[string]time.Time)
	for _, h := range i.hooks {
		if at := h.used.Load(); at > h.saved.Load() {
			used[h.token] = time.UnixMicro(at)
		}
	}
	if len(used) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveUseWithin)
	defer cancel()
	i.saveUse(ctx, used)
}

// HookURL is a hook URL and its last use.
type HookURL struct {
	Connector string
	// Path is "/hooks/" and the token.
	Path string
	// Closed says why requests are refused: "disabled", "removed", "rotated" or "expired";
	// empty while the URL works.
	Closed string
	// Until is when the URL closes after a rotation; zero means never.
	Until time.Time
	// Used is when it was last used; zero means never.
	Used time.Time
}

// HookURLs returns all hook URLs, current and former.
func (i *Intake) HookURLs() []HookURL {
	i.mu.RLock()
	defer i.mu.RUnlock()
	var list []HookURL
	for _, h := range i.hooks {
		u := HookURL{Connector: h.name, Path: "/hooks/" + h.token, Closed: h.closed(time.Now()), Until: h.until}
		if at := h.used.Load(); at > 0 {
			u.Used = time.UnixMicro(at)
		}
		list = append(list, u)
	}
	return list
}

// Rotate gives a connector a new hook URL; the old one works until the given time.
func (i *Intake) Rotate(ctx context.Context, name string, until time.Time) error {
	i.applying.Lock()
	defer i.applying.Unlock()
	old := i.all()[name]
	switch {
	case old == nil:
		return fmt.Errorf("connector %s: %w; `relay connectors` lists them", name, ErrNoConnector)
	case !old.connector.Receives:
		return fmt.Errorf("connector %s: %w", name, ErrNoHook)
	case old.down != nil:
		return fmt.Errorf("connector %s: %w", name, old.down)
	}
	r, err := newRunner(i, old.connector)
	if err != nil {
		return err
	}
	token, err := i.options.Store.RotateHook(ctx, name, until)
	if err != nil {
		return err
	}
	stop([]*runner{old})
	r.before = old
	if err := r.inherit(); err != nil {
		r.failed(err)
	}
	r.token = token
	current := maps.Clone(i.all())
	current[name] = r
	if i.swap(current) {
		r.start(spread(1))
	}
	return nil
}

// Forget removes everything that the store keeps of a connector that is not in the
// configuration.
func (i *Intake) Forget(ctx context.Context, name string) error {
	i.applying.Lock()
	defer i.applying.Unlock()
	err := i.options.Store.ForgetConnector(ctx, name)
	if err == nil {
		i.swap(i.all())
	}
	return err
}
