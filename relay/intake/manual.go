package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/connector-relay/relay/relay/event"
)

// PollOnce polls a connector now, for real, and returns what came of it.
func (i *Intake) PollOnce(ctx context.Context, name string) (PollReport, error) {
	s, err := i.poller(name)
	if err != nil {
		return PollReport{}, err
	}
	defer s.retime()
	return s.pollNow(ctx)
}

// errEnough ends a dry run that has seen as many events as were asked for.
var errEnough = errors.New("that is enough")

// DryRun polls a connector now and returns the newest n events it would find if it
// were new. Nothing is kept.
func (i *Intake) DryRun(ctx context.Context, name string, n int) ([]event.Event, error) {
	s, err := i.poller(name)
	if err != nil {
		return nil, err
	}
	if err := s.acquire(ctx); err != nil {
		return nil, err
	}
	defer s.release()
	var found []event.Event
	emit := func(_ context.Context, b event.Batch) error {
		found = append(found, b.Events...)
		if len(found) >= n {
			return errEnough
		}
		return nil
	}
	_, err = s.call(ctx, n, nil, emit)
	if len(found) > n {
		found = found[len(found)-n:]
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, err
}

func (i *Intake) poller(name string) (*source, error) {
	s := i.source(name)
	switch {
	case s == nil:
		return nil, fmt.Errorf("connector %s: %w; `relay connectors` lists them", name, ErrNoConnector)
	case !s.connector.Polls:
		return nil, fmt.Errorf("connector %s only receives; there is nothing to poll", name)
	case !s.connector.Enabled:
		return nil, fmt.Errorf("connector %s is disabled", name)
	}
	return s, nil
}
