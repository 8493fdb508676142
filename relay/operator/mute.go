package operator

import (
	"time"
)

// Mute keeps cards back until a time: those of a connector, those for a channel, or those
// of the events that meet a condition.
type Mute struct {
	// ID is given by the relay, as are By and Since.
	ID int64 `json:"mute,omitempty"`
	// Sort is "connector", "channel" or "condition".
	Sort string `json:"sort"`
	// Name is the connector's or the channel's. A condition may have a connector's name; it
	// is for all connectors otherwise.
	Name string `json:"name,omitempty"`
	// Condition is an expression over event, as in a route's when.
	Condition string `json:"condition,omitempty"`
	// What names what is muted, in words.
	What   string    `json:"what,omitempty"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until"`
	// Problem says why it mutes nothing, though it is there.
	Problem string `json:"problem,omitempty"`
}
