package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
)

// PollOnce polls a connector now, for real, after any poll of it that is under way.
func (i *Intake) PollOnce(ctx context.Context, name string) (PollReport, error) {
	var report PollReport
	err := i.manual(ctx, name, func(ctx context.Context, r *runner) (err error) {
		report, err = r.pollHeld(ctx)
		return err
	})
	return report, err
}

// PollSoon makes a connector's next poll due now, such as after a sign-in. It ignores
// an unknown connector and one that does not poll.
func (i *Intake) PollSoon(name string) {
	r := i.all()[name]
	if r == nil || !r.connector.Polls {
		return
	}
	r.recent.Store(nil)
	r.mu.Lock()
	r.poll.Next = time.Now()
	r.mu.Unlock()
	r.retime()
}

// Call is what a connector's plugin gets with a call, without the token.
func (i *Intake) Call(name string) (pluginhost.Call, error) {
	r := i.all()[name]
	if r == nil {
		return pluginhost.Call{}, fmt.Errorf("connector %s: %w; `relay connectors` lists them", name, ErrNoConnector)
	}
	return r.bareCall()
}

// errEnough ends a dry run that has found as many events as were asked for.
var errEnough = errors.New("that is enough")

// DryRun polls a connector now without storing anything. It returns the newest n events
// that the next poll would find or, if there are none, the newest n at the source, so
// that a person sees cards. Known are the items that the poll skipped as known.
func (i *Intake) DryRun(ctx context.Context, name string, n int) (found []event.Event, known []connector.Known, err error) {
	err = i.manual(ctx, name, func(ctx context.Context, r *runner) (err error) {
		r.mu.Lock()
		at := r.checkpoint
		r.mu.Unlock()
		if found, known, err = r.look(ctx, at, n, 0); err == nil && len(found) == 0 {
			found, _, err = r.look(ctx, at, n, n)
		}
		return err
	})
	return found, known, err
}

// look polls without storing anything. Events found before an error are returned
// without it.
func (r *runner) look(ctx context.Context, at event.Checkpoint, n, preview int) (found []event.Event, known []connector.Known, err error) {
	done, err := r.call(ctx, at, preview, func(_ context.Context, b event.Batch) error {
		found = append(found, b.Events...)
		if len(found) >= n {
			return errEnough
		}
		return nil
	})
	if len(found) == 0 {
		return nil, done.Known, err
	}
	return found[max(0, len(found)-n):], done.Known, nil
}

// manual runs an operator's request once no other poll is under way, unless the
// connector stops first.
func (i *Intake) manual(ctx context.Context, name string, do func(context.Context, *runner) error) error {
	r := i.all()[name]
	switch {
	case r == nil:
		return fmt.Errorf("connector %s: %w; `relay connectors` lists them", name, ErrNoConnector)
	case !r.connector.Polls:
		return fmt.Errorf("connector %s is not polled; its events are sent to its hook", name)
	case !r.connector.Enabled:
		return fmt.Errorf("connector %s is disabled", name)
	case !r.begin():
		return fmt.Errorf("connector %s: %w", name, ErrStopped)
	}
	defer r.running.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	if err := r.acquire(ctx); err != nil {
		return fmt.Errorf("connector %s: another poll is under way: %w", name, err)
	}
	defer r.retime()
	defer r.release()
	return do(ctx, r)
}
