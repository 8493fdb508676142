package intake

import (
	"fmt"
	"time"
)

// silent is the health of a connector without an event for longer than its max_silence.
const silent = "silent"

// startWatch watches for silence if the connector has a max_silence.
func (r *runner) startWatch() {
	if r.connector.MaxSilence <= 0 || !r.connector.Enabled || !r.begin() {
		return
	}
	go func() {
		defer r.running.Done()
		r.watch()
	}()
}

// watch reports once that the connector has fallen silent, and once that an event came
// again.
func (r *runner) watch() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-r.draining:
			return
		case <-r.heard:
		case <-timer.C:
		}
		timer.Reset(r.checkSilence())
	}
}

// checkSilence reports a change and returns when to check again.
func (r *runner) checkSilence() time.Duration {
	r.mu.Lock()
	left := time.Until(later(r.lastEvent, r.poll.First).Add(r.connector.MaxSilence))
	before, now := r.poll.Silent, left <= 0
	r.poll.Silent = now
	n := Notice{Connector: r.name(), Broken: now, Health: healthy}
	if now {
		n.Health, n.Problem = silent, r.silence()
	}
	r.mu.Unlock()
	if now != before {
		r.savePoll()
		r.intake.notify(n)
	}
	if now {
		return longestSleep
	}
	return min(left, longestSleep)
}

// silence says since when no event came. The caller holds r.mu.
func (r *runner) silence() string {
	if r.lastEvent.IsZero() {
		return fmt.Sprintf("no event has come since it was set up, for longer than %s", r.connector.MaxSilence)
	}
	return fmt.Sprintf("no event has come since %s, for longer than %s", r.lastEvent.Format("2006-01-02 15:04 MST"), r.connector.MaxSilence)
}
