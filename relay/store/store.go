// Package store is the durable truth: events, deliveries, attempts, lanes and
// connectors. The implementations are store/sqlite (one process, one file) and,
// for several nodes, PostgreSQL; store/storetest is the suite they all pass.
//
// Consumers declare the few methods they need; [Store] is the whole contract,
// for the implementations, the suite and the daemon that joins the parts.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
)

// Errors that a caller can act on. Implementations wrap them.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: nothing could be stored just now (a full or read-only
	// disk, a lost connection). Nothing was accepted; the sender may try again.
	ErrUnavailable = errors.New("the store cannot be written")
	// ErrLocked: another relay has the store open.
	ErrLocked = errors.New("the store is in use by another relay")
	// ErrCorrupt: the store's file is damaged or is no store.
	ErrCorrupt = errors.New("the store is damaged")
	// ErrTooNew: a newer relay has migrated the store.
	ErrTooNew = errors.New("the store was written by a newer relay")
	// ErrClosed: the store has been closed.
	ErrClosed = errors.New("the store is closed")
	// ErrTaken: what should get another name would replace what has that name.
	ErrTaken = errors.New("it has something of its own")
)

// ErrSwept says that the event was there and has been removed since, because the retention
// was over. It is an [ErrNotFound].
var ErrSwept = fmt.Errorf("removed after the retention: %w", ErrNotFound)

// ConflictError says why nothing of a batch was stored: the connector had reported
// the key of one of its events before, with another fingerprint.
type ConflictError struct {
	Key string
	// Event is the ID of the event that has the key; 0 when that has been swept.
	Event int64
}

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("the key %q was used before for something else (event %d)", e.Key, e.Event)
}

// Batch is what one commit accepts: events of one connector, the deliveries
// they lead to, and the checkpoint that then holds. It is stored whole or not
// at all.
type Batch struct {
	Connector string
	Events    []Entry
	// Checkpoint replaces the connector's; nil leaves it.
	Checkpoint event.Checkpoint
}

// Entry is one event of a batch with its fate and the deliveries it leads to.
type Entry struct {
	event.Event
	Fate       event.Fate
	Traces     []event.Trace
	Deliveries []Draft
	// Encoded is the event's card as JSON; nil makes the store encode it.
	Encoded []byte
	// Fingerprint, when not empty, is what an event of the same key has to have in
	// order to be the same one: otherwise the batch fails with a [ConflictError].
	Fingerprint []byte
}

// Draft is a delivery to be made.
type Draft struct {
	Channel string
	// Card is the card as a route changed it, as JSON; nil means the event's own.
	Card []byte
	// Dead, when not empty, makes the delivery a dead letter at once, for this
	// reason (a route's condition that could not be evaluated).
	Dead string
	// Urgent lets the delivery go out in quiet hours, too.
	Urgent bool
}

// Receipt says what became of one entry of a batch.
type Receipt struct {
	// Event is the stored event's ID; for a known key, the ID it was stored
	// under before, or 0 when that has been swept.
	Event int64
	// Seen says that the connector had reported the key before, so that nothing
	// was stored.
	Seen bool
}

// Kept is what the store keeps of a connector between runs.
type Kept struct {
	Name string
	Type string
	// HookToken is the secret part of the connector's hook URL, unguessable and
	// stable for the connector's life.
	HookToken string
	// HookUsed is when that URL was last used; zero when it never was.
	HookUsed time.Time
	// Former is the hook URL before the last rotation; its Token is empty when there
	// was none.
	Former     FormerHook
	Checkpoint event.Checkpoint
	Poll       Poll
	// LastEvent is when the last event was accepted; zero when none was.
	LastEvent time.Time
}

// FormerHook is a hook URL that another has replaced.
type FormerHook struct {
	Token string
	// Until is how long it still works.
	Until time.Time
	// Used is when it was last used; zero when it never was.
	Used time.Time
}

// Poll is how a connector's polling stands.
type Poll struct {
	// Next is when to poll next; zero means as soon as possible.
	Next time.Time
	// Last is when the last poll ended.
	Last time.Time
	// Health is "ok", or the kind of the last error: "throttled",
	// "unauthorised", "gone", "misconfigured", "temporary". Empty before the
	// first poll.
	Health string
	// Problem is the last error's sentence, free of secrets; empty when ok.
	Problem string
	// Failures counts failed polls since the last good one.
	Failures int
	// Since is when Health last changed.
	Since time.Time
	// Note is a line for people that the last poll left.
	Note string
	// First is when the relay first ran the connector.
	First time.Time
	// Silent says that it has been told that nothing came for too long.
	Silent bool
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

// Summary is a delivery with its event, for lists and pages. In a list it has a card
// only on demand.
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
	States    []delivery.State
	// Before lists only deliveries with a smaller ID: the page after.
	Before int64
	// Limit is at most this many; 0 means 100.
	Limit int
	// Cards asks for the cards, too.
	Cards bool
}

// EventFilter narrows a list of events. Zero fields do not narrow.
type EventFilter struct {
	Connector string
	Kind      string
	Key       string
	Fates     []event.Fate
	// Since lists only what was accepted then or later.
	Since time.Time
	// Text lists only events whose cards hold it, in capitals or not.
	Text string
	// Before lists only events with a smaller ID: the page after.
	Before int64
	// Limit is at most this many; 0 means 100.
	Limit int
}

// EventSummary is an event with where its deliveries stand, for lists.
type EventSummary struct {
	ID         int64
	Connector  string
	Key        string
	Kind       string
	Title      string
	Time       time.Time
	AcceptedAt time.Time
	Fate       event.Fate
	Traces     []event.Trace
	// Deliveries are those that are still kept.
	Deliveries []Standing
}

// Standing is where a delivery stands.
type Standing struct {
	ID      int64          `json:"delivery"`
	Channel string         `json:"channel"`
	State   delivery.State `json:"state"`
}

// Refusal is a request to a connector's hook of which nothing was accepted, or
// several that differ in nothing but the time. It holds nothing of a body.
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

// Store is the whole contract. All methods may be called concurrently; writes
// of concurrent callers share a commit (and its fsync), and a write that
// returned nil survives a power loss.
type Store interface {
	// Accept stores a batch in one transaction: the events whose keys are new,
	// their keys, their deliveries, and the checkpoint. Receipts stand in the
	// order of the entries. With a [ConflictError] nothing was stored.
	Accept(ctx context.Context, b Batch) ([]Receipt, error)

	// OpenConnector returns what is kept of a connector, and begins to keep it
	// when it is new. A connector whose type has changed starts afresh, but for
	// its hook token.
	OpenConnector(ctx context.Context, name, typ string) (Kept, error)
	// Connectors returns all that are kept, by name.
	Connectors(ctx context.Context) ([]Kept, error)
	// SavePoll keeps how a connector's polling stands.
	SavePoll(ctx context.Context, connector string, p Poll) error

	// MoveConnector gives a connector another name, with all that is kept of it: its
	// hook URLs, checkpoint and known keys. The sealed token replaces its own, because
	// the seal holds the name; nil when nobody has signed in. What it reported before
	// keeps the old name. It fails with [ErrNotFound] when nothing is kept of the old
	// name, and with [ErrTaken] when the new one has accepted something already; one
	// that was only opened gives way.
	MoveConnector(ctx context.Context, from, to string, token []byte) error
	// ForgetConnector removes all that is kept of a connector: its hook URLs,
	// checkpoint, keys and token. What it reported stays. It fails with [ErrNotFound]
	// when nothing is kept.
	ForgetConnector(ctx context.Context, name string) error
	// RotateHook gives a connector a new hook URL; the one before works until then.
	RotateHook(ctx context.Context, connector string, until time.Time) (token string, err error)
	// SaveHookUse keeps when hook URLs were last used, by token. Tokens that there are
	// no more are passed over.
	SaveHookUse(ctx context.Context, used map[string]time.Time) error

	// SaveToken keeps what a sign-in for a connector gave, sealed by the caller; nil
	// forgets it.
	SaveToken(ctx context.Context, connector string, sealed []byte) error
	// Token returns it, and fails with [ErrNotFound] when there is none.
	Token(ctx context.Context, connector string) ([]byte, error)

	// Lanes returns every lane that waits or is paused, by channel.
	Lanes(ctx context.Context) ([]delivery.Lane, error)
	// Heads returns up to n waiting deliveries of a channel whose ID is greater
	// than after, smallest first, with their cards. What was accepted a moment
	// ago is answered from memory, within a bound.
	Heads(ctx context.Context, channel string, after int64, n int) ([]delivery.Delivery, error)
	// UrgentHeads is Heads for urgent deliveries only.
	UrgentHeads(ctx context.Context, channel string, after int64, n int) ([]delivery.Delivery, error)
	// Turns returns up to n waiting deliveries of a channel so that its connectors
	// take turns: the oldest of each, in the order of their names from the first that is
	// not less than from, all round; then the second oldest of each, and so on. With
	// urgent, it passes over those that are not.
	Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error)
	// Waiting counts the waiting deliveries of a channel, and those of the connector
	// that has most of them. It is cheap.
	Waiting(ctx context.Context, channel string) (all, most int, err error)
	// Record keeps an attempt and moves its delivery on, in one transaction:
	// the state it is in now, when to try it next, how many attempts counted.
	Record(ctx context.Context, a delivery.Attempt, d delivery.Delivery) error
	// RecordDigest keeps the attempt that carried several deliveries of a channel as
	// one digest, as Record does for each of them, in one transaction for all.
	RecordDigest(ctx context.Context, results []delivery.Result) error
	// Rendering says that the cards of these deliveries are being written in the form of
	// their channel, until done is called. It costs next to nothing. Where the process
	// dies before that, the deliveries that still wait have one crash more when the store
	// is opened again, and at the second they are dead letters that say so. Record and
	// Replay take the crashes back.
	Rendering(deliveries ...int64) (done func())
	// SaveLane keeps whether and why a lane is paused and until when it waits;
	// the counted fields are ignored.
	SaveLane(ctx context.Context, l delivery.Lane) error
	// MoveChannel gives what waits in a channel and its dead letters to another, where
	// they stand in the order of acceptance, and forgets how the lane of the first
	// stood. What has ended keeps the name it went by. It works in small steps, the
	// oldest first, so that nothing waits long and a repetition goes on where the last
	// one ended; it returns how many it moved, also when a later step failed.
	MoveChannel(ctx context.Context, from, to string) (moved int, err error)
	// ForgetChannel dismisses what waits in a channel and its dead letters, and forgets
	// how its lane stands. It works as MoveChannel does.
	ForgetChannel(ctx context.Context, channel string) (dismissed int, err error)
	// DeadLetters counts dead letters by channel.
	DeadLetters(ctx context.Context) (map[string]int, error)
	// Accepted registers what to call after each commit, with the channels that
	// got deliveries. The call must not block. It is registered once, before
	// the first Accept.
	Accepted(notify func(channels []string))
	// Replayed registers the same for commits that made deliveries wait again at
	// their old positions, before others that wait.
	Replayed(notify func(channels []string))

	// Deliveries lists deliveries, newest first.
	Deliveries(ctx context.Context, f Filter) ([]Summary, error)
	// Delivery returns one with all its attempts, oldest first.
	Delivery(ctx context.Context, id int64) (Summary, []delivery.Attempt, error)
	// Events lists events, newest first.
	Events(ctx context.Context, f EventFilter) ([]EventSummary, error)
	// Event returns one event by its ID. One that was there once is [ErrSwept].
	Event(ctx context.Context, id int64) (Event, error)
	// FindEvents returns the IDs of events whose key is exactly this, newest
	// first, at most 20; also of events that have been swept, as long as their keys
	// are known.
	FindEvents(ctx context.Context, key string) ([]int64, error)
	// Replay makes dead or dismissed deliveries waiting again, with no attempt
	// counted, at their old position. A lane that sees the first of them sees all, or
	// at least the oldest thousands. It returns those it changed, oldest first, also
	// when it failed after some.
	Replay(ctx context.Context, ids []int64) ([]int64, error)
	// Dismiss puts dead letters away. It returns those it changed, oldest first.
	Dismiss(ctx context.Context, ids []int64) ([]int64, error)
	// Refuse keeps refusals, of each connector the last [MaxRefusals].
	Refuse(ctx context.Context, list []Refusal) error
	// Refusals lists refusals, the last one first; those of one connector, or, when
	// it is empty, of all.
	Refusals(ctx context.Context, connector string) ([]Refusal, error)
	// Sweep removes what ended before the time: deliveries that are delivered,
	// accepted or dismissed, events without deliveries left, refusals, and expired keys.
	// Dead letters stay. It works in small steps so that nothing waits long.
	Sweep(ctx context.Context, before time.Time) (removed int, err error)
	// Ping reports whether the store can be read and written.
	Ping(ctx context.Context) error
	// Close ends the store after what was handed to it is committed.
	Close() error
}
