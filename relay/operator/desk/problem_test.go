package desk

import (
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
)

// TestALaneThatDoesNotTakeItsCardsIsAProblem, whatever it does just now.
func TestALaneThatDoesNotTakeItsCardsIsAProblem(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	lane := func(state delivery.LaneState, trouble string, waiting int, age time.Duration) dispatch.Lane {
		return dispatch.Lane{State: state, Trouble: trouble, Lane: delivery.Lane{Reason: "because", Next: now.Add(time.Minute), Waiting: waiting, Oldest: now.Add(-age)}}
	}
	for name, tt := range map[string]struct {
		lane dispatch.Lane
		want string
	}{
		"nothing waits":                {lane(delivery.Open, "", 0, 0), ""},
		"something has just come":      {lane(delivery.Open, "", 3, time.Second), ""},
		"a rejected card, long ago":    {lane(delivery.Open, "rejected: 400", 0, 0), ""},
		"paused":                       {lane(delivery.Paused, "", 0, 0), "is paused: because"},
		"paused with cards":            {lane(delivery.Paused, "refused: 404", 2, time.Hour), "is paused: because; 2 waiting, the oldest for 1h0m0s"},
		"backing off":                  {lane(delivery.BackingOff, "failed: 500", 2, time.Minute), "does not take its cards: failed: 500; 2 waiting, the oldest for 1m0s; the next attempt is at 12:01:00"},
		"trying again just now":        {lane(delivery.Open, "failed: no answer", 1, time.Minute), "does not take its cards: failed: no answer; 1 waiting, the oldest for 1m0s"},
		"slower than what comes":       {lane(delivery.Open, "", 900, time.Hour), "is behind: more cards arrive than its rate allows; 900 waiting, the oldest for 1h0m0s"},
		"held back in the quiet hours": {lane(delivery.Quiet, "", 9, 5*time.Hour), ""},
	} {
		if got := laneProblem(tt.lane, now); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
