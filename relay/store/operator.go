package store

import (
	"context"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
)

// Operator is what people look up and decide, on any node. With [Dispatch.Lanes] and
// [Intake.Connectors] it answers for the whole relay, not only for this node.
type Operator interface {
	// Deliveries lists deliveries, newest first.
	Deliveries(ctx context.Context, f Filter) ([]Summary, error)
	// SelectDeliveries is Deliveries for those who need no more than the IDs.
	SelectDeliveries(ctx context.Context, f Filter) (Selected, error)
	// Delivery returns one with all its attempts, oldest first.
	Delivery(ctx context.Context, id int64) (Summary, []delivery.Attempt, error)
	// DeadLetters counts dead letters by channel, without reading cards.
	DeadLetters(ctx context.Context) (map[string]int, error)
	// Events lists events, newest first.
	Events(ctx context.Context, f EventFilter) ([]EventSummary, error)
	// Event returns one event by its ID. It fails with [ErrSwept] for one that existed.
	Event(ctx context.Context, id int64) (Event, error)
	// FindEvents returns the IDs of events whose key is exactly this, newest first, at
	// most [MaxFound]; also of events that have been swept, while their keys are still
	// known.
	FindEvents(ctx context.Context, key string) ([]int64, error)
	// Rates counts what has happened in the last day, hour by hour. The store may count a
	// little late, and may lose the last minute when the node dies.
	Rates(ctx context.Context) (Rates, error)
	// Refusals lists refusals, newest first: those of one connector or, without a name, of all.
	Refusals(ctx context.Context, connector string) ([]Refusal, error)

	// Replay makes dead or dismissed deliveries wait again, with no attempt counted, at
	// their old position. Whether an attempt may have shown the card before is still known.
	// A lane that sees the first of them sees all, or at least the oldest thousands. It
	// returns those it changed, oldest first, also when it failed after some.
	Replay(ctx context.Context, ids []int64) ([]int64, error)
	// Dismiss discards dead letters. It returns those it changed, oldest first.
	Dismiss(ctx context.Context, ids []int64) ([]int64, error)
	// ForgetChannel dismisses what waits in a channel and its dead letters, and forgets how
	// its lane stands. It works in steps, as [Dispatch.MoveChannel] does.
	ForgetChannel(ctx context.Context, channel string) (dismissed int, err error)
}

// Event is an event as stored.
type Event struct {
	ID         int64
	Connector  string
	Key        string
	Kind       string
	Thread     string
	Time       time.Time
	AcceptedAt time.Time
	// Card and Data are JSON.
	Card   []byte
	Data   []byte
	Fate   event.Fate
	Traces []event.Trace
}

// Summary is a delivery with its event, for lists and pages. In a list it has a card only
// on demand.
type Summary struct {
	delivery.Delivery
	Kind  string
	Title string
	// Finished is when it reached its state; zero while it waits.
	Finished time.Time
	// Last is the last attempt's outcome; nil when there was none.
	Last *delivery.Attempt
}

// Filter narrows a list of deliveries. Zero fields do not narrow.
type Filter struct {
	Channel   string
	Connector string
	Event     int64
	Within    *Within
	States    []delivery.State
	// Since and Until list only what was accepted at the first time or later, and before
	// the second one.
	Since, Until time.Time
	// Kind is the event's, and Verdict that of the last attempt.
	Kind    string
	Verdict delivery.Verdict
	// Text lists only deliveries whose cards hold it, in capitals or not. It, Kind and
	// Verdict are looked for in the newest [MaxSearched] that the others leave.
	Text string
	// Before lists only deliveries with a smaller ID: the page after.
	Before int64
	// Limit is at most this many; 0 means [DefaultLimit].
	Limit int
	// Cards asks for the cards, too.
	Cards bool
}

// Within narrows a list to what somebody may see: the deliveries to these channels, and the
// events of these connectors with their deliveries to any channel.
type Within struct{ Channels, Connectors []string }

// Selected are the deliveries that a filter selects.
type Selected struct {
	IDs []int64
	// More says that there are more than the limit, or that not all were looked at.
	More bool
}

// EventFilter narrows a list of events. Zero fields do not narrow.
type EventFilter struct {
	Connector string
	Within    *Within
	Key       string
	Fates     []event.Fate
	// Since and Until list only what was accepted at the first time or later, and before
	// the second one.
	Since, Until time.Time
	Kind         string
	// Text lists only events whose cards hold it, in capitals or not. It and Kind are
	// looked for in the newest [MaxSearched] that the others leave.
	Text string
	// Before lists only events with a smaller ID: the page after.
	Before int64
	// Limit is at most this many; 0 means [DefaultLimit].
	Limit int
}

// Rates count, for each of the last [RateHours] hours, oldest first, what has happened. The
// last hour is still running.
type Rates struct {
	// Hour is when the last hour began.
	Hour time.Time
	// Events are accepted events by connector, and Deliveries the deliveries by channel
	// that arrived. Who has had none is not among them.
	Events, Deliveries map[string][]int
}

// RateHours is how many hours [Rates] cover.
const RateHours = 24

// EventSummary is an event with where its deliveries stand, for lists. It has no card, no
// data and no thread.
type EventSummary struct {
	Event
	Title string
	// Deliveries are those that are still kept.
	Deliveries []Standing
}

// Standing is where a delivery stands.
type Standing struct {
	ID      int64          `json:"delivery"`
	Channel string         `json:"channel"`
	State   delivery.State `json:"state"`
}

// The bounds of lists and of what they show.
const (
	// DefaultLimit is how many entries a list has when its filter does not say.
	DefaultLimit = 100
	// MaxFound is how many events FindEvents returns at most.
	MaxFound = 20
	// MaxSearched is how many deliveries or events a search looks at for each page. To find
	// what is older, it starts at a page or time before.
	MaxSearched = 100_000
	// MaxText is how many bytes the text of a search has at most; its callers see to that.
	MaxText = 200
	// MaxTitle is how many characters of a card's title a list shows.
	MaxTitle = 300
)
