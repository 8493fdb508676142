package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// Drain has a lane send what waits up to a delivery, in the order of acceptance, and then
// pause until it is resumed. What is accepted in the meantime waits behind. A delivery has
// been drained when it has arrived or is a dead letter: the lane waits for quiet hours,
// backoffs and a refusing endpoint as always, even across restarts. A lane that an
// operator has paused opens for that.
func (d *Dispatcher) Drain(ctx context.Context, channel string, last int64) error {
	l, err := d.lane(channel)
	if err != nil {
		return err
	}
	err = l.change(ctx, func(s *delivery.Lane) bool {
		if s.Pause == delivery.PausedByOperator {
			*s = delivery.Lane{Channel: s.Channel}
		}
		s.Drain = last
		return true
	})
	if err != nil {
		return fmt.Errorf("drain channel %s: %w", channel, err)
	}
	l.log.Info().Int64("last", last).Msg("an operator drains the lane")
	return nil
}

// draining returns the last delivery that a lane still sends, or 0.
func (l *lane) draining() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.Drain
}

// drained pauses a lane of which nothing is left to drain. It is called when there is
// nothing to send; what other workers are sending may come back. It reports whether the
// lane's state has changed.
func (l *lane) drained() (changed bool) {
	l.feed.Lock()
	last, idle := l.last, len(l.claimed) == 0
	l.feed.Unlock()
	if last == 0 || !idle || l.awaiting() {
		return false
	}
	l.persist("state of the lane", func(ctx context.Context) error {
		return l.change(ctx, func(s *delivery.Lane) bool {
			changed = s.Drain == last && s.Pause == delivery.NotPaused
			if changed {
				*s = paused(s.Channel, "drained: what came later waits until somebody resumes the channel")
			}
			return changed
		})
	})
	if changed {
		l.log.Info().Msg("the lane is drained, and paused")
	}
	return changed
}

// paused is the state of a lane that an operator has paused.
func paused(channel, reason string) delivery.Lane {
	return delivery.Lane{Channel: channel, Pause: delivery.PausedByOperator, Reason: reason, Since: time.Now()}
}
