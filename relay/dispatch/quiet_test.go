package dispatch

import (
	"cmp"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// scene is a relay with the one channel "a", which is quiet from 00:03 to 00:09.
type scene struct {
	*rig
	store   *memory
	channel Spec
}

// moment is something that happens at a time of day, and what can be seen a second later.
// Deliveries have the numbers 1, 2, 3 … in the order of acceptance.
type moment struct {
	at             string
	accept, urgent int
	do             func(*scene)
	// sent are all attempts so far, with the deliveries of a digest side by side.
	sent string
	// lane is the lane's reason, or else its state, and what waits; empty is not
	// looked at.
	lane string
}

func stopRelay(s *scene)  { s.stop() }
func startRelay(s *scene) { s.rig = start(s.t, s.store, s.channel) }
func pauseLane(s *scene)  { s.must(s.Pause(s.t.Context(), "a", "maintenance")) }
func resumeLane(s *scene) { s.must(s.Resume(s.t.Context(), "a")) }
func makeQuiet(s *scene)  { s.apply(s.channel) }
func makeAudible(s *scene) {
	s.apply(Spec{Name: "a", Sender: s.channel.Sender, Policy: s.channel.Policy})
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestQuietHours(t *testing.T) {
	single, slow := digests(), digests()
	single.Digest = Digest{}
	slow.First, slow.Longest = 4*time.Minute, 4*time.Minute
	failsOnce := func(d delivery.Delivery, n int) delivery.Outcome {
		if d.ID == 1 && n == 1 {
			return is(delivery.VerdictFailed)
		}
		return is(delivery.VerdictDelivered)
	}
	for name, test := range map[string]struct {
		policy Policy
		answer func(delivery.Delivery, int) delivery.Outcome
		// takes is how long an attempt takes.
		takes time.Duration
		steps []moment
	}{
		"urgent deliveries pass and the others become digests": {policy: digests(), steps: []moment{
			{at: "00:00:00", do: startRelay, accept: 2, sent: "1,2", lane: "open, 0 waiting"},
			{at: "00:04:00", accept: 3, urgent: 1, sent: "1,2,6", lane: "quiet until 00:09, 3 waiting"},
			{at: "00:04:01", accept: 3, urgent: 2, sent: "1,2,6,10,11", lane: "quiet until 00:09, 6 waiting"},
			{at: "00:09:00", sent: "1,2,6,10,11,3 4 5 7,8 9", lane: "open, 0 waiting"},
			{at: "00:09:01", accept: 2, sent: "1,2,6,10,11,3 4 5 7,8 9,12,13"},
		}},
		"without digests the held deliveries go one by one": {policy: single, steps: []moment{
			{at: "00:04:00", do: startRelay, accept: 3},
			{at: "00:14:00", sent: "1,2,3"},
		}},
		"only held deliveries are gathered, even by a relay that was down": {policy: digests(), steps: []moment{
			{at: "00:00:00", accept: 2},
			{at: "00:04:00", accept: 2},
			{at: "01:04:00", accept: 2},
			{at: "01:04:01", do: startRelay, sent: "1,2,3 4,5,6"},
		}},
		"a restart sends nothing": {policy: digests(), steps: []moment{
			{at: "00:00:00", do: startRelay},
			{at: "00:04:00", accept: 3},
			{at: "00:04:01", do: stopRelay},
			{at: "00:05:00", do: startRelay, lane: "quiet until 00:09, 3 waiting"},
			{at: "00:10:00", sent: "1 2 3"},
		}},
		"urgent deliveries pass a head that backs off into quiet hours": {policy: slow, answer: failsOnce, steps: []moment{
			{at: "00:00:00", do: startRelay, accept: 1, sent: "1"},
			{at: "00:03:01", urgent: 1, sent: "1,2"},
			{at: "00:13:02", sent: "1,2,1"},
		}},
		"a pause holds urgent deliveries too": {policy: digests(), steps: []moment{
			{at: "00:04:00", do: startRelay},
			{at: "00:04:01", do: pauseLane},
			{at: "00:04:02", accept: 2, urgent: 1, lane: "maintenance, 3 waiting"},
			{at: "00:05:00", do: resumeLane, sent: "3", lane: "quiet until 00:09, 2 waiting"},
			{at: "00:15:00", sent: "3,1 2"},
		}},
		"a new configuration begins and ends them": {policy: digests(), steps: []moment{
			{at: "00:04:00", do: startRelay, accept: 2},
			{at: "00:04:01", do: makeAudible, sent: "1,2"},
			{at: "00:04:02", do: makeQuiet, sent: "1,2"},
			{at: "00:04:03", accept: 2, sent: "1,2"},
			{at: "00:14:00", sent: "1,2,3 4"},
		}},
		"what was read before they begin or end is not what goes next": {policy: single, takes: 10 * time.Second, steps: []moment{
			{at: "00:02:58", do: startRelay},
			{at: "00:02:59", accept: 2, urgent: 1, sent: "1"},
			{at: "00:08:57", sent: "1,3"},
			{at: "00:08:58", accept: 1, urgent: 2, sent: "1,3,5"},
			{at: "01:08:58", sent: "1,3,5,2,4,6"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.answer == nil {
					test.answer = always(delivery.VerdictDelivered)
				}
				e := newEndpoint(test.answer)
				e.takes = max(e.takes, test.takes)
				play(t, &scene{store: newMemory(), channel: quietly(e, test.policy)}, e, test.steps)
			})
		})
	}
}

// play runs the steps on a day that begins at midnight.
func play(t *testing.T, s *scene, e *endpoint, steps []moment) {
	t.Helper()
	midnight := time.Now()
	s.rig = &rig{t: t}
	for _, step := range steps {
		clock, err := time.Parse(time.TimeOnly, step.at)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(midnight.Add(clock.Sub(clock.Truncate(24 * time.Hour)))))
		if step.do != nil {
			step.do(s)
		}
		s.store.accept("a", step.accept)
		s.store.acceptUrgent("a", step.urgent)
		pass(time.Second - time.Nanosecond)
		if got := e.runs(); got != step.sent {
			t.Errorf("%s: sent %q, want %q", step.at, got, step.sent)
		}
		if step.lane == "" {
			continue
		}
		l := s.live("a")
		if got := fmt.Sprintf("%s, %d waiting", cmp.Or(l.Reason, string(l.State)), l.Waiting); got != step.lane {
			t.Errorf("%s: the lane is %q, want %q", step.at, got, step.lane)
		}
		if until := s.Quiet("a"); l.State == delivery.Quiet && !until.Equal(l.Next) || l.State == delivery.Open && !until.IsZero() {
			t.Errorf("%s: the lane is %s until %s, but the channel is quiet until %s", step.at, l.State, l.Next, until)
		}
	}
	s.stop()
}
