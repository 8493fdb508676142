package operator

import (
	"encoding/json"
	"time"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// Event is what happened at a source.
type Event struct {
	ID         int64      `json:"event,omitempty"`
	Connector  string     `json:"connector"`
	Key        string     `json:"key"`
	Kind       string     `json:"kind"`
	Time       time.Time  `json:"time,omitzero"`
	AcceptedAt time.Time  `json:"accepted_at,omitzero"`
	Fate       event.Fate `json:"fate,omitempty"`
	Title      string     `json:"title"`
	// Because says, in a dry run, why the event counts as known.
	Because string          `json:"because,omitempty"`
	Card    json.RawMessage `json:"card,omitempty"`
	// Data is what routes see as event.data.
	Data json.RawMessage `json:"data,omitempty"`
}

// Fated is an event with its fate.
type Fated struct {
	Event
	// Reason says why the event went nowhere, or where a route sent it.
	Reason string `json:"reason"`
	// Deliveries say where the event went.
	Deliveries []store.Standing `json:"deliveries"`
}

// Explanation is an event's way through the relay.
type Explanation struct {
	Event
	// Notes are the connector's remarks about how it read the event.
	Notes      string        `json:"notes,omitempty"`
	Routes     []event.Trace `json:"routes"`
	Deliveries []Explained   `json:"deliveries"`
}
