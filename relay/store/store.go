// Package store is the contract of the durable truth: events, deliveries, attempts, lanes
// and connectors, and what people make and do on the page. store/sqlite keeps them in a
// file, for one node; store/memory keeps them until the process ends, for tests;
// store/storetest is the suite that every store passes. The contract has one file for each
// of its users: intake.go, dispatch.go, operator.go, page.go, access.go and mute.go.
//
// # Nodes
//
// A node is one running relay with a [Store] of its own. SQLite allows one node at a
// time. The contract is written so that several nodes can share a database:
//
//   - Owner. One node serves a lane, and one node polls a connector. The methods that are
//     the owner's say so. All others are for any node at any time; above all, every node
//     takes hooks.
//   - Lease. An owner owns until a time on the store's clock, and extends that as long as
//     it lives. By its own clock it stops before the lease can have ended. The lease of
//     SQLite is the lock on its file, which the kernel takes back when the process ends.
//   - Fence. Each claim of a lane or a connector has a higher epoch than the one before. A
//     Store knows the epochs that its node holds, so no method takes one: it makes them a
//     condition in the statement that writes for an owner. What a node that was suspended
//     writes too late then changes nothing and fails. SQLite needs no epochs, because its
//     lock ends with the process and not with a time.
//   - Notice. The owner of a lane must learn what other nodes store in it; see [Notice].
//
// What the methods store is shared. What a Store holds in memory belongs to its node, and
// is only a copy: how much waits, the next cards, which cards are being written.
//
// A shared store therefore adds a way to claim and to give up lanes and connectors, and
// an error for a write that came too late. Neither exists yet: with one node, nothing
// would call them.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors that a caller can act on. Implementations wrap them, and say what to do.
var (
	// ErrNotFound means that the store has nothing with that name or number.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable means that the store cannot be written now: it has no room, or cannot
	// be reached, or others have changed it. Nothing was stored; the sender may try again.
	ErrUnavailable = errors.New("the store cannot be written")
	// ErrLocked means that the store is for one node, and another one has it open.
	ErrLocked = errors.New("the store is in use by another relay")
	// ErrCorrupt means that the store is damaged, or is not a store.
	ErrCorrupt = errors.New("the store is damaged")
	// ErrTooNew means that a newer relay has changed the store's schema.
	ErrTooNew = errors.New("the store was written by a newer relay")
	// ErrClosed means that the store has been closed.
	ErrClosed = errors.New("the store is closed")
	// ErrTaken means that a name is in use: something else has it, which would be lost.
	ErrTaken = errors.New("the name is taken")
	// ErrChanged means that somebody else has changed something since it was read.
	ErrChanged = errors.New("it has been changed in the meantime")
)

// ErrSwept means that the event existed and was removed after the retention. It is an
// [ErrNotFound].
var ErrSwept = fmt.Errorf("removed after the retention: %w", ErrNotFound)

// Store is the whole contract. All methods may be called concurrently. A write that
// returned nil is durable: it survives a power loss, and every later read of every node
// sees it. A write that failed has changed nothing, unless its method works in steps.
type Store interface {
	Intake
	SignIn
	Dispatch
	Operator
	Page
	Access
	Muting
	Upkeep
}

// Upkeep is what the daemon needs to look after the store as a whole.
type Upkeep interface {
	// Notify registers the function to call after commits. Notify itself is called once,
	// before the first write.
	Notify(call func(Notice))
	// MoveConnector renames a connector with everything stored about it: its hook URLs,
	// checkpoint and known keys; a request in progress under the old name still finds the
	// keys. The sealed token replaces the connector's own, because the seal includes the
	// name; it is nil when nobody has signed in. Earlier events keep the old name.
	// Saved blocks and secrets keep theirs.
	// MoveConnector fails with [ErrNotFound] when nothing is stored under the old name,
	// and with [ErrTaken] when the new one has already accepted something; a connector
	// that was only opened is replaced.
	MoveConnector(ctx context.Context, from, to string, token []byte) error
	// Sweep removes what ended before a time: deliveries that are delivered, accepted or
	// dismissed, events without deliveries left, and refusals; entries of the audit log
	// only when they are older than [KeepAudit], or more than [MaxAudit]. It also removes
	// keys, sessions, mutes and API tokens whose own time has come. Dead letters stay. It
	// works in small steps so that nothing waits long; several nodes may sweep at once. It
	// returns how many deliveries this call removed, also when a later step failed.
	Sweep(ctx context.Context, before time.Time) (removed int, err error)
	// Ping reports whether this node can read and write the store now. It is cheap,
	// however many callers ask.
	Ping(ctx context.Context) error
	// Close ends this node's use of the store, after what was handed to it is committed. A
	// second Close does nothing.
	Close() error
}

// Notice says which channels a commit has changed for their lanes. It comes once the
// change can be read. Each commit leads to at least one notice on every node that serves
// one of its channels; that of a node's own commit comes before the write returns. A
// notice may stand for several commits, and may name channels where nothing has changed.
// The call must not block.
type Notice struct {
	// Accepted are channels with new deliveries, behind those that already waited.
	Accepted []string
	// Returned are channels in which deliveries wait at old positions again, ahead of
	// others: because they were replayed, or moved there from another channel.
	Returned []string
}
