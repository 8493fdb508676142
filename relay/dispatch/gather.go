package dispatch

import (
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// quietUntil returns until when the channel is quiet, or the zero time.
func (c Spec) quietUntil(now time.Time) time.Time {
	if c.Quiet == nil || !c.Quiet.Contains(now) {
		return time.Time{}
	}
	return c.Quiet.End(now)
}

// quietNext returns when the channel's next quiet hours begin, or the zero time.
func (c Spec) quietNext(now time.Time) time.Time {
	if c.Quiet == nil {
		return time.Time{}
	}
	return c.Quiet.Next(now)
}

// clock formats the end of quiet hours for people.
func (c Spec) clock(end, now time.Time) string {
	if end.Sub(now) > 24*time.Hour {
		return end.Format("Mon 15:04")
	}
	return end.Format("15:04")
}

// held reports whether a delivery was accepted in quiet hours and so waits for their
// end.
func (c Spec) held(d delivery.Delivery) bool {
	return !d.Urgent && c.Quiet != nil && c.Quiet.Contains(d.AcceptedAt)
}

// gather returns the deliveries to send in one attempt: the lane's head, which the
// worker has claimed, and those directly behind it that go into a digest with it, which
// gather claims. It decides from what waits now and remembers nothing.
func (l *lane) gather(head delivery.Delivery, g grant) []delivery.Delivery {
	run := []delivery.Delivery{head}
	most := g.channel.Policy.Digest.Most
	if g.most > 0 {
		most = min(most, g.most)
	}
	// A card that the relay may have died of is sent alone, to find out.
	if most < 2 || head.Urgent || g.probe || head.Crashes > 0 {
		return run
	}
	l.feed.Lock()
	defer l.feed.Unlock()
	behind := l.behind(g.channel.Policy, g.paced)
	if !behind && !g.channel.held(head) {
		return run
	}
	// The lane's next read reports the store's error.
	following, _, err := l.read(false, most-1)
	if err != nil {
		return run
	}
	last := l.draining()
	for _, d := range within(following, heldBytes) {
		if d.Urgent || d.Crashes > 0 || last != 0 && d.ID > last || !behind && !g.channel.held(d) {
			break
		}
		l.claimed[d.ID] = struct{}{}
		run = append(run, d)
	}
	if len(run) > 1 {
		l.buffer = nil
	}
	return run
}

// behind reports whether more waits in the lane than its rate can send in time. It asks
// the store only if the lane had more than its head, or had to wait since. l.feed is
// held.
func (l *lane) behind(p Policy, paced bool) bool {
	if !p.minds() || len(l.buffer) == 0 && !l.more && !paced {
		return false
	}
	waiting, _, err := l.d.store.Waiting(l.d.starting, l.name)
	return err == nil && p.behind(waiting)
}

// settleRun decides what follows from an attempt that carried a run. The decision is
// for the head and the lane; the deliveries are the run's, as recorded.
//
// When a digest is rejected, any of its cards may be at fault: no attempt is counted,
// and the lane tries fewer. When it fails, only the head's attempt counts: the others
// merely waited behind it. So one attempt makes at most one dead letter.
func settleRun(p Policy, run []delivery.Delivery, o delivery.Outcome, c circumstances) (s decision, settled []delivery.Delivery) {
	s = settle(p, run[0], o, c)
	if len(run) == 1 {
		s.delivery.Digest = 0
		return s, []delivery.Delivery{s.delivery}
	}
	for i, d := range run {
		one := settle(p, d, o, c).delivery
		arrived := one.State.Arrived()
		if o.Verdict == delivery.VerdictRejected || i > 0 && !arrived {
			d.Unknown = one.Unknown
			one = d
		}
		one.Digest = run[0].ID
		settled = append(settled, one)
	}
	s.delivery = settled[0]
	return s, settled
}

// digestLimit limits a lane's digests after one was rejected; the zero value does not.
type digestLimit struct {
	// most bounds the cards of one digest.
	most int
	// singles is how many single cards must arrive before two are tried together again. It
	// starts from patience, which grows each time two are rejected, so that an endpoint
	// without digests costs few attempts.
	singles, patience int
}

// longestPatience bounds patience.
const longestPatience = 64

// after returns the limit after an attempt: half of a rejected digest, twice a
// delivered one. Most is the policy's.
func (b digestLimit) after(s decision, carried, most int) digestLimit {
	switch {
	case s.verdict == delivery.VerdictRejected && carried > 1:
		b.most = carried / 2
		if b.most == 1 {
			b.patience = max(1, min(2*b.patience, longestPatience))
			b.singles = b.patience
		}
	case !s.delivery.State.Done() || b.most == 0:
	case b.most == 1 && b.singles > 1:
		b.singles--
	case 2*b.most >= most:
		return digestLimit{}
	default:
		if b.most > 1 {
			b.patience = 0
		}
		b.most *= 2
	}
	return b
}
