package intake

import (
	"fmt"
	"time"
)

// silent is the health of a connector of which nothing was heard for too long.
const silent = "silent"

// startWatch begins to watch for silence, if somebody wants to hear of it.
func (s *source) startWatch() {
	if s.connector.MaxSilence <= 0 || !s.connector.Enabled || !s.begin() {
		return
	}
	go func() {
		defer s.running.Done()
		s.watch()
	}()
}

// watch tells once when the connector has been silent for too long, and once when
// something has come again.
func (s *source) watch() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.draining:
			return
		case <-s.heard:
		case <-timer.C:
		}
		timer.Reset(s.listen())
	}
}

// listen finds out whether the connector is silent, tells of a change, and returns
// after how long to look again.
func (s *source) listen() time.Duration {
	s.mu.Lock()
	left := time.Until(later(s.lastEvent, s.poll.First).Add(s.connector.MaxSilence))
	before, now := s.poll.Silent, left <= 0
	s.poll.Silent = now
	n := Notice{Connector: s.name(), Broken: now, Health: healthy}
	if now {
		n.Health, n.Problem = silent, s.silence()
	}
	s.mu.Unlock()
	if now != before {
		s.savePoll()
		s.intake.notify(n)
	}
	if now {
		return longestSleep
	}
	return min(left, longestSleep)
}

// silence says since when nothing came. The caller holds s.mu.
func (s *source) silence() string {
	if s.lastEvent.IsZero() {
		return fmt.Sprintf("nothing has come since it was set up, for longer than %s", s.connector.MaxSilence)
	}
	return fmt.Sprintf("nothing has come since %s, for longer than %s", s.lastEvent.Format("2006-01-02 15:04 MST"), s.connector.MaxSilence)
}
