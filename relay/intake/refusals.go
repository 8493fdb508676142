package intake

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

// keepRefusals is how long refusals are gathered before they are stored, so that a
// flood of refused requests is no flood of commits.
const keepRefusals = 2 * time.Second

// refusals are the requests to hooks that were refused, on their way into the store.
type refusals struct {
	store store.Intake
	log   zerolog.Logger

	mu sync.Mutex
	// gathered is by connector, at most [store.MaxRefusals] of each.
	gathered map[string][]*store.Refusal
	timer    *time.Timer
	stopped  bool
	keeping  sync.WaitGroup
}

func newRefusals(o Options) *refusals {
	return &refusals{store: o.Store, log: o.Log, gathered: make(map[string][]*store.Refusal)}
}

// add gathers a refusal. One that differs from another only in its time is counted with
// it.
func (r *refusals) add(one store.Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.gathered[one.Connector]
	same := func(o *store.Refusal) bool {
		return o.Remote == one.Remote && o.Method == one.Method && o.Status == one.Status && o.Reason == one.Reason
	}
	if at := slices.IndexFunc(list, same); at >= 0 {
		known := list[at]
		known.Count, known.Bytes, known.Last = known.Count+1, one.Bytes, one.Last
		return
	}
	if len(list) == store.MaxRefusals {
		list = list[1:] // the store would drop it too
	}
	r.gathered[one.Connector] = append(list, &one)
	if r.timer == nil && !r.stopped {
		r.keeping.Add(1)
		r.timer = time.AfterFunc(keepRefusals, func() {
			defer r.keeping.Done()
			r.keep(context.Background())
		})
	}
}

// take returns and clears what was gathered.
func (r *refusals) take() []store.Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil && r.timer.Stop() {
		r.keeping.Done()
	}
	r.timer = nil
	var all []store.Refusal
	for _, list := range r.gathered {
		for _, one := range list {
			all = append(all, *one)
		}
	}
	clear(r.gathered)
	return all
}

// keep stores what was gathered. What the store cannot take is only logged.
func (r *refusals) keep(ctx context.Context) {
	list := r.take()
	if len(list) == 0 {
		return
	}
	if err := r.store.Refuse(ctx, list); err != nil {
		r.log.Warn().Err(err).Int("refusals", len(list)).Msg("could not store refused requests")
	}
}

// stop stores what was gathered; later refusals are not kept.
func (r *refusals) stop() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.keep(context.Background())
	r.keeping.Wait()
}

// KeepRefusals stores the gathered refusals now, so that they can be listed.
func (i *Intake) KeepRefusals(ctx context.Context) { i.refusals.keep(ctx) }
