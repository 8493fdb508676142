package store

import (
	"context"
	"time"
)

// Muting is what package mute needs.
type Muting interface {
	// Mutes returns all mutes, also those whose time has come and that are not swept yet,
	// in the order in which they were made.
	Mutes(ctx context.Context) ([]Mute, error)
	// SaveMute stores a mute and returns it with its ID: a new one where it has none. It
	// fails with [ErrNotFound] when there is no mute with its ID.
	SaveMute(ctx context.Context, m Mute) (Mute, error)
	// EndMute removes a mute. It fails with [ErrNotFound] when there is none.
	EndMute(ctx context.Context, id int64) error
}

// Mute keeps events from becoming deliveries until a time. One that has ended is removed;
// the audit log remembers it.
type Mute struct {
	ID int64
	// Sort is what is muted: "connector", "channel" or "condition".
	Sort string
	// Name is the connector's or the channel's; for a condition it may be empty.
	Name string
	// Condition is the condition that muted events meet.
	Condition string
	Since     time.Time
	Until     time.Time
	// By is who muted it.
	By     string
	Reason string
}

// MaxMutes is how many mutes there may be; whoever adds one sees to that.
const MaxMutes = 500
