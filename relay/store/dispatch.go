package store

import (
	"context"

	"github.com/connector-relay/relay/relay/delivery"
)

// Dispatch is what packages dispatch and channel need: a lane's deliveries and their
// outcomes. All methods but Lanes are for the lane's owner.
type Dispatch interface {
	// Lanes returns every lane that waits or is paused, by channel, whoever owns it. It
	// is cheap, because it reads no cards.
	Lanes(ctx context.Context) ([]delivery.Lane, error)
	// SaveLane stores whether and why a lane is paused, until when it waits and what it
	// drains; it ignores the counted fields.
	SaveLane(ctx context.Context, l delivery.Lane) error
	// Waiting counts the waiting deliveries of a channel, and those of the connector that
	// has most of them. It is cheap.
	Waiting(ctx context.Context, channel string) (all, most int, err error)
	// Heads returns up to n waiting deliveries of a channel, oldest first, with their
	// cards. With urgent, it skips those that are not. The cards are shared and must not
	// be changed.
	Heads(ctx context.Context, channel string, urgent bool, n int) ([]delivery.Delivery, error)
	// Turns returns up to n waiting deliveries of a channel so that its connectors take
	// turns: the oldest of each, in the order of their names, starting with the first
	// that is not less than from and wrapping around; then the second oldest of each, and
	// so on. With urgent, it skips those that are not.
	Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error)

	// Rendering says that the cards of these deliveries are being written in the form of
	// their channel, until done is called. It costs next to nothing. When the node dies
	// before that, those that still wait count one more crash as soon as the store is
	// opened again, or another node takes over the lane; with [MaxCrashes] they become
	// dead letters that say so. Record and Replay reset the crashes. A store that ends
	// with the process need not do anything.
	Rendering(deliveries ...int64) (done func())
	// Record keeps the outcome of an attempt and moves on what it carried: one delivery,
	// or several as one digest. It is one transaction for all of them. A delivery that
	// no longer waits stays as it is: what ended it was recorded before. The same attempt
	// is kept once, however often it is recorded, because whoever records it may not know
	// that it was.
	Record(ctx context.Context, results ...delivery.Result) error

	// MoveChannel moves a channel's waiting deliveries and dead letters to another, where
	// they keep the order of acceptance, and forgets the state of the first one's lane.
	// Deliveries that have ended keep the old name. It works in small steps, the oldest
	// first, so that nothing waits long and a repetition continues where the last one
	// ended; it returns how many it moved, also when a later step failed.
	MoveChannel(ctx context.Context, from, to string) (moved int, err error)
}

// MaxCrashes is how often a relay may die over a card before it is a dead letter.
const MaxCrashes = 2
