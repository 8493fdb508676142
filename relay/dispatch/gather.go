package dispatch

import (
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// quietUntil returns until when the channel is quiet; the zero time when it is not.
func (c Spec) quietUntil(now time.Time) time.Time {
	if c.Quiet == nil || !c.Quiet.Contains(now) {
		return time.Time{}
	}
	return c.Quiet.End(now)
}

// quietNext returns when the channel's next quiet hours begin; the zero time when it
// has none.
func (c Spec) quietNext(now time.Time) time.Time {
	if c.Quiet == nil {
		return time.Time{}
	}
	return c.Quiet.Next(now)
}

// clock is an end of quiet hours as people say it.
func (c Spec) clock(end, now time.Time) string {
	if end.Sub(now) > 24*time.Hour {
		return end.Format("Mon 15:04")
	}
	return end.Format("15:04")
}

// held reports whether a delivery was accepted in quiet hours, to wait for their end.
func (c Spec) held(d delivery.Delivery) bool {
	return !d.Urgent && c.Quiet != nil && c.Quiet.Contains(d.AcceptedAt)
}

// gather returns the deliveries to send in one attempt: the lane's head, which the
// worker has claimed, and as many of those directly behind it as belong into a digest
// with it, which it claims. It decides from what waits now and remembers nothing.
func (l *lane) gather(head delivery.Delivery, g grant) []delivery.Delivery {
	run := []delivery.Delivery{head}
	most := g.channel.Policy.Digest.Most
	if g.most > 0 {
		most = min(most, g.most)
	}
	// What the relay may have died of is sent alone, so that it is found out.
	if most < 2 || head.Urgent || g.probe || head.Crashes > 0 {
		return run
	}
	l.feed.Lock()
	defer l.feed.Unlock()
	behind := l.behind(g.channel.Policy, g.paced)
	if !behind && !g.channel.held(head) {
		return run
	}
	// What cannot be read now is not gathered; the lane's next look complains.
	following, _, err := l.read(false, most-1)
	if err != nil {
		return run
	}
	for _, d := range within(following, heldBytes) {
		if d.Urgent || d.Crashes > 0 || !behind && !g.channel.held(d) {
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

// behind reports whether more waits in the lane than its rate carries in good time. A
// lane that held nothing else when its head was read, and needed not wait since, is
// not, and the store is not asked. L.feed is held.
func (l *lane) behind(p Policy, paced bool) bool {
	if !p.minds() || len(l.buffer) == 0 && !l.more && !paced {
		return false
	}
	waiting, _, err := l.d.store.Waiting(l.d.halt, l.name)
	return err == nil && p.behind(waiting)
}

// settleRun decides what follows from an attempt that carried a run. The decision is
// the head's, and the lane's; the deliveries are what is recorded of the run.
//
// Of a digest that was rejected, nobody knows which card is at fault: nothing is
// counted, and the lane tries with fewer. One that failed counts for the head alone:
// the others waited behind it, as they would have one by one, and their time is not
// used up. So one attempt makes at most one dead letter.
func settleRun(p Policy, run []delivery.Delivery, o delivery.Outcome, c circumstances) (s decision, settled []delivery.Delivery) {
	s = settle(p, run[0], o, c)
	if len(run) == 1 {
		s.delivery.Digest = 0
		return s, []delivery.Delivery{s.delivery}
	}
	for i, d := range run {
		one := settle(p, d, o, c).delivery
		arrived := one.State == delivery.Delivered || one.State == delivery.Accepted
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

// bound limits a lane's digests after one was rejected; the zero value does not.
type bound struct {
	// most is how many cards one may hold.
	most int
	// singles is how many cards have to arrive one by one before two are tried again,
	// and patience how many it was at first. It grows each time that two are rejected, so
	// that an endpoint which takes no digest costs few attempts.
	singles, patience int
}

// longestPatience is how many single cards there are at most between two tries.
const longestPatience = 64

// after returns the bound after an attempt that carried so many cards: half of what
// was rejected, and twice as many again as arrived. Most is the policy's.
func (b bound) after(s decision, carried, most int) bound {
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
		return bound{}
	default:
		if b.most > 1 {
			b.patience = 0
		}
		b.most *= 2
	}
	return b
}
