package store

import (
	"context"

	"github.com/connector-relay/relay/relay/delivery"
)

// Dispatch is what packages dispatch and channel need: a lane's deliveries and what became
// of them. All but Lanes is for the lane's owner.
type Dispatch interface {
	// Lanes returns every lane that waits or is paused, by channel. It is cheap, whoever
	// owns the lanes: it reads no card.
	Lanes(ctx context.Context) ([]delivery.Lane, error)
	// SaveLane keeps whether and why a lane is paused and until when it waits; the counted
	// fields are ignored.
	SaveLane(ctx context.Context, l delivery.Lane) error
	// Waiting counts the waiting deliveries of a channel, and those of the connector that
	// has most of them. It is cheap.
	Waiting(ctx context.Context, channel string) (all, most int, err error)
	// Heads returns up to n waiting deliveries of a channel, oldest first, with their
	// cards. With urgent, it passes over those that are not. The cards are shared and may
	// not be changed.
	Heads(ctx context.Context, channel string, urgent bool, n int) ([]delivery.Delivery, error)
	// Turns returns up to n waiting deliveries of a channel so that its connectors take
	// turns: the oldest of each, in the order of their names from the first that is not
	// less than from, all round; then the second oldest of each, and so on. With urgent, it
	// passes over those that are not.
	Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error)

	// Rendering says that the cards of these deliveries are being written in the form of
	// their channel, until done is called. It costs next to nothing. When the node dies
	// before that, those that still wait have one crash more as soon as the store is opened
	// again, or another node takes the lane over; with [MaxCrashes] they are dead letters
	// that say so. Record and Replay take the crashes back. A store that ends with the
	// process need not do anything.
	Rendering(deliveries ...int64) (done func())
	// Record keeps the outcome of an attempt and moves on what it carried: one delivery,
	// or several as one digest. It is one transaction for all of them. A delivery that
	// no longer waits stays as it is: what ended it was recorded before. The same attempt
	// is kept once, however often it is recorded, because whoever records it may not know
	// that it was.
	Record(ctx context.Context, results ...delivery.Result) error

	// MoveChannel gives what waits in a channel and its dead letters to another, where they
	// stand in the order of acceptance, and forgets how the lane of the first stood. What
	// has ended keeps the name it went by. It works in small steps, the oldest first, so
	// that nothing waits long and a repetition goes on where the last one ended; it returns
	// how many it moved, also when a later step failed.
	MoveChannel(ctx context.Context, from, to string) (moved int, err error)
}

// MaxCrashes is how often a relay may die over a card before it is a dead letter.
const MaxCrashes = 2
