// Package delivery is one card on its way to one channel: its states, its
// attempts, and the verdicts an attempt can come to.
package delivery

import "time"

// State is where a delivery stands.
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
	// Dismissed means a dead letter that a person has put away.
	Dismissed State = "dismissed"
)

// States lists all states, in the order a delivery can go through them.
func States() []State { return []State{Waiting, Delivered, Accepted, Dead, Dismissed} }

// Done reports whether the state is an end that nothing but a person changes.
func (s State) Done() bool { return s != Waiting }

// Verdict is what one attempt came to. An attempt comes to exactly one.
type Verdict string

const (
	// VerdictDelivered means the system confirmed the card.
	VerdictDelivered Verdict = "delivered"
	// VerdictAccepted means it took the card but posts it later.
	VerdictAccepted Verdict = "accepted"
	// VerdictThrottled means too fast. The whole lane waits; it costs no attempt.
	VerdictThrottled Verdict = "throttled"
	// VerdictHindered means that the relay's own machine is at fault: it has no file
	// descriptors, memory, network or name server left. Nothing was sent. The whole lane
	// waits; it costs no attempt.
	VerdictHindered Verdict = "hindered"
	// VerdictFailed means a passing trouble; the same head is tried again later.
	VerdictFailed Verdict = "failed"
	// VerdictUnknown means the request was written and no answer was read. As
	// failed, but the repeat may be a duplicate.
	VerdictUnknown Verdict = "unknown"
	// VerdictRejected means the card is at fault. A dead letter; the lane goes on.
	VerdictRejected Verdict = "rejected"
	// VerdictRefused means the endpoint is at fault. The lane pauses and keeps all.
	VerdictRefused Verdict = "refused"
	// VerdictInterrupted means the relay is stopping. Nothing is counted.
	VerdictInterrupted Verdict = "interrupted"
)

// Outcome is one attempt's verdict with what a person needs to understand it.
type Outcome struct {
	Verdict Verdict
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Detail is one line: the far side's words or the transport's error,
	// shortened, and free of secrets.
	Detail string
	// RetryAfter is how long the far side asks to wait; 0 when it does not say.
	RetryAfter time.Duration
	// Bytes is the size of the payload as sent.
	Bytes int
	// Omitted says what shrinking left out of the card, one entry each.
	Omitted []string
}

// Attempt is one try to deliver, as recorded.
type Attempt struct {
	Delivery int64
	// Number counts from 1. Throttled, hindered, interrupted and refused attempts do not
	// count and carry the number of the attempt they stood in for; nor does a digest
	// that was rejected, or that failed behind another card.
	Number  int
	Started time.Time
	Took    time.Duration
	Outcome
	// PossibleDuplicate says that an earlier attempt of the same delivery came
	// to an unknown verdict, so this one may have shown the card again.
	PossibleDuplicate bool
	// Gathered is how many cards the attempt carried as one digest; 0 when it carried
	// one card as it is.
	Gathered int
}

// Result is an attempt with what it made of its delivery.
type Result struct {
	Attempt  Attempt
	Delivery Delivery
}

// Delivery is one card on its way to one channel.
type Delivery struct {
	// ID is also the delivery's position: within a channel, a smaller ID was
	// accepted earlier and is delivered earlier.
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
	// Tried is when it was first attempted; zero before that.
	Tried time.Time
	// Unknown says that an attempt came to an unknown verdict.
	Unknown bool
	// Accepted is when the relay accepted the event.
	AcceptedAt time.Time
	// Card is the card to send, as JSON: the route's changes included.
	Card []byte
	// Key is the event's key; it names the delivery to the far side together
	// with the channel (idempotency).
	Key string
	// Thread is the event's; empty when it has none.
	Thread string
	// Urgent says that it goes out in quiet hours, too.
	Urgent bool
	// Digest is the ID of the delivery that led the digest in which this one was last
	// sent, which may be this one; 0 when it was sent alone or not yet.
	Digest int64
	// Reason says why a delivery is dead.
	Reason string
	// Crashes is how often the relay has died while it wrote the card, since an attempt
	// was last recorded.
	Crashes int
}

// LaneState is whether a channel's lane moves.
type LaneState string

const (
	// Open means deliveries go out as rate and retries allow.
	Open LaneState = "open"
	// BackingOff means the head waits for its next attempt, or the far side throttles.
	BackingOff LaneState = "backing off"
	// Paused means nothing goes out: by an operator's word, or because the endpoint
	// refused (then the head probes it now and then).
	Paused LaneState = "paused"
	// Quiet means that only urgent deliveries go out until the quiet hours end.
	Quiet LaneState = "quiet"
	// Removed means that the channel is not in the configuration any more.
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
	// Reason is a sentence for people: who paused it, or what the endpoint said.
	Reason string
	// Since is when it was paused.
	Since time.Time
	// Next is until when a throttled lane waits, or when a paused one probes.
	Next time.Time
	// Waiting counts the deliveries in state waiting.
	Waiting int
	// Oldest is when the oldest waiting one was accepted; zero when none waits.
	Oldest time.Time
}
