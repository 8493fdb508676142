package door

import (
	"context"
	"maps"
	"reflect"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/store"
)

// inside are the requests that are under way, by what they came in with. Most are short;
// those that stream news last as long as a page is open.
type inside struct {
	mu  sync.Mutex
	all map[pass]map[*visit]struct{}
}

// visit is one request.
type visit struct {
	person access.Person
	end    context.CancelFunc
}

func newInside() inside { return inside{all: make(map[pass]map[*visit]struct{})} }

// enter keeps a request in mind until it has left.
func (i *inside) enter(ctx context.Context, by pass, p access.Person) (_ context.Context, leave func()) {
	ctx, cancel := context.WithCancel(ctx)
	v := &visit{p, cancel}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.all[by] == nil {
		i.all[by] = make(map[*visit]struct{})
	}
	i.all[by][v] = struct{}{}
	return ctx, func() {
		cancel()
		i.mu.Lock()
		defer i.mu.Unlock()
		if delete(i.all[by], v); len(i.all[by]) == 0 {
			delete(i.all, by)
		}
	}
}

// leave ends what is under way with a pass.
func (i *inside) leave(by pass) { i.keep(by, access.Person{}) }

// keep ends what is under way with a pass, unless it is still this person's, with the same
// rights.
func (i *inside) keep(by pass, p access.Person) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for v := range i.all[by] {
		if !reflect.DeepEqual(v.person, p) {
			v.end()
		}
	}
}

func (i *inside) passes() []pass {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := make([]pass, 0, len(i.all))
	for by := range maps.Keys(i.all) {
		list = append(list, by)
	}
	return list
}

// Look looks at who is inside, ends what somebody is doing who may no longer be there or
// has other rights by now, and stores who was here. It is to be called at intervals.
func (d *Door) Look(ctx context.Context) {
	for _, by := range d.inside.passes() {
		p, err := d.again(ctx, by)
		if err == nil || err == errStranger { //nolint:errorlint // a store that fails wraps another error, and sees nobody out
			d.inside.keep(by, p)
		}
	}
	sessions, tokens := d.used.take()
	for _, used := range []struct {
		at   map[store.Hash]time.Time
		save func(context.Context, map[store.Hash]time.Time) error
	}{{sessions, d.options.Store.SaveSessionUse}, {tokens, d.options.Store.SaveAPITokenUse}} {
		if len(used.at) == 0 {
			continue
		}
		if err := used.save(ctx, used.at); err != nil {
			d.options.Log.Warn().Err(err).Msg("when sessions and tokens were last used could not be stored")
		}
	}
}

// again returns who is inside with a pass now.
func (d *Door) again(ctx context.Context, by pass) (access.Person, error) {
	now := d.current.Load()
	switch {
	case by.token:
		return d.byToken(ctx, now, by.hash)
	case by != pass{} && now != nil:
		return d.bySession(ctx, now, by.hash)
	case by == pass{} && now == nil:
		return access.Local("loopback"), nil
	}
	return access.Person{}, errStranger
}

// uses are when sessions and tokens were used, as far as that is not stored yet. A request
// does not wait for that.
type uses struct {
	mu sync.Mutex
	at map[pass]time.Time
}

func newUses() uses { return uses{at: make(map[pass]time.Time)} }

func (u *uses) note(by pass, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.at[by] = at
}

func (u *uses) last(by pass) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.at[by]
}

// take returns what is to be stored.
func (u *uses) take() (sessions, tokens map[store.Hash]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	sessions, tokens = make(map[store.Hash]time.Time), make(map[store.Hash]time.Time)
	for by, at := range u.at {
		if by.token {
			tokens[by.hash] = at
		} else {
			sessions[by.hash] = at
		}
	}
	clear(u.at)
	return sessions, tokens
}
