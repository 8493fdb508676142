// Package delivery describes one card on its way to one channel: its states, its
// attempts, and the verdicts of an attempt.
// How attempts follow one another is for package dispatch.
package delivery

import "time"

// State is a delivery's state.
type State string

const (
	// Waiting means it has not reached its channel yet and will be tried (again).
	Waiting State = "waiting"
	// Delivered means the chat system confirmed it.
	Delivered State = "delivered"
	// Accepted means the chat system took it and posts it later (a Workflow's 202);
	// nobody will tell the relay whether it did.
	Accepted State = "accepted"
	// Dead means it will not be tried again by itself: a dead letter.
	Dead State = "dead"
	// Dismissed means a dead letter that a person has dismissed.
	Dismissed State = "dismissed"
)

// States lists all states, in the order a delivery can go through them.
func States() []State { return []State{Waiting, Delivered, Accepted, Dead, Dismissed} }

// Done reports whether only a person can change the state.
func (s State) Done() bool { return s != Waiting }

// Arrived reports whether the chat system has the card.
func (s State) Arrived() bool { return s == Delivered || s == Accepted }

// Verdict is the outcome of one attempt, which has exactly one.
type Verdict string

const (
	// VerdictDelivered means the system confirmed the card.
	VerdictDelivered Verdict = "delivered"
	// VerdictAccepted means it took the card but posts it later.
	VerdictAccepted Verdict = "accepted"
	// VerdictThrottled means too many requests. The whole lane waits; it costs no attempt.
	VerdictThrottled Verdict = "throttled"
	// VerdictHindered means that the relay's own machine is at fault: it has no file
	// descriptors, memory, network or name server left. Nothing was sent. The whole lane
	// waits; it costs no attempt.
	VerdictHindered Verdict = "hindered"
	// VerdictFailed means a temporary failure; the same head is tried again later.
	VerdictFailed Verdict = "failed"
	// VerdictUnknown means the request was written and no answer was read. As
	// failed, but the repeat may be a duplicate.
	VerdictUnknown Verdict = "unknown"
	// VerdictRejected means the card is at fault and becomes a dead letter; the lane goes
	// on.
	VerdictRejected Verdict = "rejected"
	// VerdictRefused means the endpoint is at fault. The lane pauses and keeps its
	// deliveries.
	VerdictRefused Verdict = "refused"
	// VerdictInterrupted means the relay is stopping. Nothing is counted.
	VerdictInterrupted Verdict = "interrupted"
)

// Verdicts lists all verdicts.
func Verdicts() []Verdict {
	return []Verdict{
		VerdictDelivered, VerdictAccepted, VerdictThrottled, VerdictHindered, VerdictFailed,
		VerdictUnknown, VerdictRejected, VerdictRefused, VerdictInterrupted,
	}
}

// Outcome is one attempt's verdict with what a person needs to understand it.
type Outcome struct {
	Verdict Verdict
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Detail is one line without secrets: the endpoint's words or the transport's error,
	// shortened.
	Detail string
	// RetryAfter is how long the endpoint asks to wait, or 0.
	RetryAfter time.Duration
	// Bytes is the size of the payload as sent.
	Bytes int
	// Omitted says what shrinking left out of the card, one entry each.
	Omitted []string
}

// Attempt is one recorded attempt to deliver.
type Attempt struct {
	Delivery int64
	// Number counts from 1. Throttled, hindered, interrupted and refused attempts do not
	// count and carry the number of the next one that does; nor does a rejected digest, or
	// a failed one for cards behind the first.
	Number  int
	Started time.Time
	Took    time.Duration
	Outcome
	// PossibleDuplicate says that an earlier attempt of the delivery ended unknown, so
	// this one may have shown the card again.
	PossibleDuplicate bool
	// Gathered is how many cards the attempt carried as one digest, or 0.
	Gathered int
}

// Result is an attempt and the delivery after it.
type Result struct {
	Attempt  Attempt
	Delivery Delivery
}

// Delivery is one card on its way to one channel.
type Delivery struct {
	// ID is also the delivery's position: within a channel, a smaller ID was accepted, and
	// is delivered, earlier.
	ID      int64
	Channel string
	Event   int64
	// Connector is the name of the connector the event came from.
	Connector string
	State     State
	// Attempts is how many attempts have counted so far.
	Attempts int
	// Next is when it may be tried again; zero means at once.
	Next time.Time
	// Unknown says that an attempt ended unknown.
	Unknown bool
	// Accepted is when the relay accepted the event.
	AcceptedAt time.Time
	// Card is the card to send, as JSON, with the route's changes.
	Card []byte
	// Key is the event's key; with the channel it is the delivery's idempotency key for
	// the endpoint.
	Key string
	// Thread is the event's; empty when it has none.
	Thread string
	// Urgent says that it is delivered in quiet hours too.
	Urgent bool
	// Digest is the ID of the first delivery in the digest in which this one was last
	// sent, possibly this one; 0 if it was sent alone or not yet.
	Digest int64
	// Reason says why a delivery is dead.
	Reason string
	// Crashes counts how often the relay has died while writing the card since the last
	// recorded attempt.
	Crashes int
}

// LaneState is the state of a channel's lane.
type LaneState string

const (
	// Open means deliveries are sent as rate and retries allow.
	Open LaneState = "open"
	// BackingOff means the head waits for its next attempt, or the endpoint throttles.
	BackingOff LaneState = "backing off"
	// Paused means nothing is sent: because of an operator, or because the endpoint
	// refused (then the head probes it now and then).
	Paused LaneState = "paused"
	// Quiet means that only urgent deliveries are sent until the quiet hours end.
	Quiet LaneState = "quiet"
	// Removed means that the channel is no longer configured.
	Removed LaneState = "removed"
)

// LaneStates lists all states of a lane.
func LaneStates() []LaneState { return []LaneState{Open, BackingOff, Paused, Quiet, Removed} }

// Pause says why a lane is paused.
type Pause string

const (
	// NotPaused is the zero value.
	NotPaused Pause = ""
	// PausedByOperator lasts until an operator resumes the lane.
	PausedByOperator Pause = "operator"
	// PausedByEndpoint lasts until a probe succeeds or an operator resumes it.
	PausedByEndpoint Pause = "endpoint"
)

// Lane is a channel's ordered queue, as stored. Depth and Oldest are counted.
type Lane struct {
	Channel string
	Pause   Pause
	// Reason is a sentence for people: who paused it, or what the endpoint answered.
	Reason string
	// Since is when it was paused.
	Since time.Time
	// Next is until when a throttled lane waits, or when a paused one probes next.
	Next time.Time
	// Drain is the last delivery that still goes out before the lane pauses; 0 means that
	// it is not being drained.
	Drain int64
	// Waiting counts the deliveries in state waiting.
	Waiting int
	// Oldest is when the oldest waiting one was accepted; zero when none waits.
	Oldest time.Time
}

// Ordinary reports whether the lane is as lanes usually are: not paused, not being drained,
// and waiting until no time.
func (l Lane) Ordinary() bool { return l.Pause == NotPaused && l.Next.IsZero() && l.Drain == 0 }
