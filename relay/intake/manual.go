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

// PollOnce polls a connector now, for real, and returns what came of it. While
// another poll of the connector is under way it waits for its end.
func (i *Intake) PollOnce(ctx context.Context, name string) (PollReport, error) {
	var report PollReport
	err := i.manual(ctx, name, func(ctx context.Context, s *source) (err error) {
		report, err = s.pollHeld(ctx)
		return err
	})
	return report, err
}

// PollSoon makes a connector's next poll due now, such as after a person has signed
// in. One that does not poll, or that there is not, is left alone.
func (i *Intake) PollSoon(name string) {
	s := i.all()[name]
	if s == nil || !s.connector.Polls {
		return
	}
	s.told.Store(nil)
	s.mu.Lock()
	s.poll.Next = time.Now()
	s.mu.Unlock()
	s.retime()
}

// Source is what a connector's plugin is told, but for the token.
func (i *Intake) Source(name string) (pluginhost.Source, error) {
	s := i.all()[name]
	if s == nil {
		return pluginhost.Source{}, fmt.Errorf("connector %s: %w; `relay connectors` lists them", name, ErrNoConnector)
	}
	return s.bareSource()
}

// errEnough ends a dry run that has seen as many events as were asked for.
var errEnough = errors.New("that is enough")

// DryRun polls a connector now and returns up to n events, the newest of those that
// the next poll would find; when there are none, the newest that there are, so that a
// person sees cards. Known is what the next poll takes for known. Nothing is kept.
func (i *Intake) DryRun(ctx context.Context, name string, n int) (found []event.Event, known []connector.Known, err error) {
	err = i.manual(ctx, name, func(ctx context.Context, s *source) (err error) {
		s.mu.Lock()
		at := s.checkpoint
		s.mu.Unlock()
		if found, known, err = s.look(ctx, at, n, 0); err == nil && len(found) == 0 {
			found, _, err = s.look(ctx, at, n, n)
		}
		return err
	})
	return found, known, err
}

// look polls and keeps nothing. Events found before an error are an answer, too.
func (s *source) look(ctx context.Context, at event.Checkpoint, n, preview int) (found []event.Event, known []connector.Known, err error) {
	done, err := s.call(ctx, at, preview, func(_ context.Context, b event.Batch) error {
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

// manual does what an operator asks for when no other poll is under way, unless
// the connector stops first.
func (i *Intake) manual(ctx context.Context, name string, do func(context.Context, *source) error) error {
	s := i.all()[name]
	switch {
	case s == nil:
		return fmt.Errorf("connector %s: %w; `relay connectors` lists them", name, ErrNoConnector)
	case !s.connector.Polls:
		return fmt.Errorf("connector %s only receives; there is nothing to poll", name)
	case !s.connector.Enabled:
		return fmt.Errorf("connector %s is disabled", name)
	case !s.begin():
		return fmt.Errorf("connector %s: %w", name, ErrStopped)
	}
	defer s.running.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	if err := s.acquire(ctx); err != nil {
		return fmt.Errorf("connector %s: another poll is under way: %w", name, err)
	}
	defer s.retime()
	defer s.release()
	return do(ctx, s)
}
