package store

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/event"
)

// Intake is what package intake needs: it accepts events, and keeps what is known of
// connectors.
type Intake interface {
	// Accept stores a batch in one transaction: the events whose keys are new, their
	// keys, their deliveries, and the checkpoint. Receipts are in the order of the
	// entries. After a [ConflictError] nothing was stored. Any node may accept, but only
	// the connector's owner may set a checkpoint.
	//
	// A delivery that becomes visible has a higher ID than any that was visible in its
	// channel before, whichever node accepts: whoever has read a lane up to an ID misses
	// nothing below it.
	Accept(ctx context.Context, b Batch) ([]Receipt, error)

	// OpenConnector returns what is stored about a connector, and creates it when it is
	// new. A connector whose type has changed starts afresh, except for its hook token.
	OpenConnector(ctx context.Context, name, typ string) (Kept, error)
	// Connectors returns all stored connectors, by name. The state of their polling is as
	// their owners last saved it.
	Connectors(ctx context.Context) ([]Kept, error)
	// SavePoll stores the state of a connector's polling. Only the owner calls it. It
	// fails with [ErrNotFound] for a connector that was never opened.
	SavePoll(ctx context.Context, connector string, p Poll) error
	// ForgetConnector removes what the relay has learnt of a connector: its hook URLs,
	// checkpoint, keys and token. Its events stay, and what people have saved for it. It
	// fails with [ErrNotFound] when nothing is stored.
	ForgetConnector(ctx context.Context, name string) error

	// RotateHook gives a connector a new hook URL; the previous one works until the given time.
	RotateHook(ctx context.Context, connector string, until time.Time) (token string, err error)
	// SaveHookUse keeps when hook URLs were last used, by token; of several nodes' times
	// the latest counts. Tokens that no longer exist are passed over.
	SaveHookUse(ctx context.Context, used map[string]time.Time) error
	// Refuse stores refusals, and keeps the last [MaxRefusals] of each connector.
	Refuse(ctx context.Context, list []Refusal) error
}

// SignIn is what package signin needs.
type SignIn interface {
	// SaveToken stores the result of a connector's sign-in, sealed by the caller; nil removes it.
	SaveToken(ctx context.Context, connector string, sealed []byte) error
	// Token returns it, and fails with [ErrNotFound] when there is none.
	Token(ctx context.Context, connector string) ([]byte, error)
}

// Batch is what one commit accepts: events of one connector, the deliveries to which they
// lead, and the checkpoint after them. It is stored as a whole or not at all.
type Batch struct {
	Connector string
	Events    []Entry
	// Checkpoint replaces the connector's; nil leaves that unchanged.
	Checkpoint event.Checkpoint
}

// Entry is one event of a batch with its fate and the deliveries to which it leads.
type Entry struct {
	event.Event
	Fate       event.Fate
	Traces     []event.Trace
	Deliveries []Draft
	// Encoded is the event's card as JSON; nil makes the store encode it.
	Encoded []byte
	// Fingerprint, when not empty, is what an event of the same key must have to be the
	// same event: otherwise the batch fails with a [ConflictError].
	Fingerprint []byte
}

// Draft is a new delivery.
type Draft struct {
	Channel string
	// Card is the card as a route changed it, as JSON; nil means the event's own.
	Card []byte
	// Dead, when not empty, makes the delivery a dead letter at once, for this reason (a
	// route's condition that could not be evaluated).
	Dead string
	// Urgent lets the delivery go out in quiet hours, too.
	Urgent bool
}

// KeepKeys is how long a key stays known after the connector last reported it, give or take a day.
const KeepKeys = 91 * 24 * time.Hour

// Receipt says what happened to one entry of a batch.
type Receipt struct {
	// Event is the stored event's ID; for a known key, the ID it was stored under before,
	// or 0 when that has been swept.
	Event int64
	// Seen says that the connector had reported the key before, so that nothing was stored.
	Seen bool
}

// ConflictError says why nothing of a batch was stored: the connector had reported the key
// of one of its events before, with another fingerprint.
type ConflictError struct {
	Key string
	// Event is the ID of the event that has the key; 0 when that has been swept.
	Event int64
}

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("the key %q already belongs to another event (event %d)", e.Key, e.Event)
}

// Kept is what the store keeps about a connector between runs.
type Kept struct {
	Name string
	Type string
	// HookToken is the secret part of the connector's hook URL. It cannot be guessed, and
	// stays the same until it is rotated.
	HookToken string
	// HookUsed is when that URL was last used; zero when it never was.
	HookUsed time.Time
	// Former is the hook URL before the last rotation; its Token is empty when there was
	// none.
	Former     FormerHook
	Checkpoint event.Checkpoint
	Poll       Poll
	// LastEvent is when the last event was accepted; zero when none was.
	LastEvent time.Time
}

// FormerHook is a hook URL that a new one has replaced.
type FormerHook struct {
	Token string
	// Until is how long it still works.
	Until time.Time
	// Used is when it was last used; zero when it never was.
	Used time.Time
}

// Poll is the state of a connector's polling.
type Poll struct {
	// Next is when to poll next; zero means as soon as possible.
	Next time.Time
	// Last is when the last poll ended.
	Last time.Time
	// Health is "ok", or the kind of the last error: "throttled", "unauthorised", "gone",
	// "misconfigured", "temporary". Empty before the first poll.
	Health string
	// Problem is the last error's sentence, free of secrets; empty when ok.
	Problem string
	// Failures counts the failed polls since the last successful one.
	Failures int
	// Since is when Health last changed.
	Since time.Time
	// Note is the line that the last poll left for people.
	Note string
	// First is when the relay first ran the connector.
	First time.Time
	// Silent says that people were told that nothing has arrived for too long.
	Silent bool
}

// Refusal is a request to a connector's hook from which nothing was accepted, or several
// that differ in nothing but the time. It holds nothing of a body.
type Refusal struct {
	Connector string `json:"connector"`
	// Remote is the address that the request came from.
	Remote string `json:"remote"`
	Method string `json:"method"`
	Status int    `json:"status"`
	// Reason is what the sender was told.
	Reason string `json:"reason"`
	// Bytes is the size of the last one's body, as far as it was read.
	Bytes int       `json:"bytes"`
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// MaxRefusals is how many refusals of one connector are kept: the last ones.
const MaxRefusals = 100
