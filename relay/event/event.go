// Package event describes what happened at a source and what became of it.
package event

import (
	"encoding/json"
	"time"

	"github.com/connector-relay/relay/relay/card"
)

// Event is something that happened at a source, as a connector reports it.
type Event struct {
	// Key identifies the event, however often and whichever way (poll or receive) it is
	// reported. The relay drops an event whose key the connector has reported before. An
	// event with an empty key is always new; the relay gives it a key.
	Key string
	// Kind is one of the kinds the connector describes, such as "release".
	Kind string
	// Thread names what the event belongs to, such as a pull request: a connector's events
	// with the same thread belong together. Empty means none.
	Thread string
	// Time is when it happened, by the source's clock; zero when the source
	// does not say.
	Time time.Time
	// Card is what people see.
	Card card.Card
	// Data is the source's own description as a JSON object, for conditions and card
	// overrides in routes. Empty means an empty object.
	Data json.RawMessage
	// Notes say what people should know about how the event was read, such as what was
	// mended in a payload. They are sentences without secrets, for `relay explain`.
	Notes []string
}

// Checkpoint is a connector's opaque position in its source. Nil means none.
type Checkpoint []byte

// Batch is what a poll emits at once: events, oldest first, and the checkpoint after
// them. A nil Checkpoint leaves the stored one unchanged.
type Batch struct {
	Events     []Event
	Checkpoint Checkpoint
}

// Fate says what became of an event when it was accepted.
type Fate string

const (
	// Routed means at least one route matched; the event's deliveries tell the rest.
	Routed Fate = "routed"
	// Filtered means no route wanted it. The event's traces say why.
	Filtered Fate = "filtered"
	// Suspended means that routes wanted it, but all their channels belong to teams
	// that the connector's owner is not a member of.
	Suspended Fate = "suspended"
	// Muted means that routes wanted it, and people have muted it or all their channels.
	Muted Fate = "muted"
)

// Fates lists all fates.
func Fates() []Fate { return []Fate{Routed, Filtered, Suspended, Muted} }

// Trace is one route's decision on an event.
type Trace struct {
	// Route counts from 1, in the order of the configuration file. A trace numbered 0 is
	// not a route's: its reason is the connector's notes.
	Route int `json:"route"`
	// Matched says whether the route took the event.
	Matched bool `json:"matched"`
	// Channels are where the route sent it.
	Channels []string `json:"channels,omitempty"`
	// Suspended are channels that did not get the event because the connector's owner is
	// not a member of their team.
	Suspended []string `json:"suspended,omitempty"`
	// Muted says which channels did not get the event because somebody had muted it.
	Muted []MutedBy `json:"muted,omitempty"`
	// Reason says why a route did not match, or what went wrong in it: a
	// condition or card override that could not be evaluated. It never holds a
	// secret.
	Reason string `json:"reason,omitempty"`
}

// MutedBy is what kept an event from channels. It is told as it was then: it may since have
// ended.
type MutedBy struct {
	ID int64 `json:"mute"`
	// What is muted: a connector, a channel, or a condition.
	What     string    `json:"what"`
	By       string    `json:"by"`
	Reason   string    `json:"reason,omitempty"`
	Until    time.Time `json:"until"`
	Channels []string  `json:"channels"`
}

// String says what is muted, by whom, until when and why.
func (m MutedBy) String() string {
	text := m.What + " is muted"
	if m.By != "" {
		text += " by " + m.By
	}
	text += " until " + m.Until.UTC().Format(time.RFC3339)
	if m.Reason != "" {
		text += ": " + m.Reason
	}
	return text
}

// Told separates the routes' traces of an event from its connector's notes.
func Told(traces []Trace) (routes []Trace, notes string) {
	for _, t := range traces {
		if t.Route == 0 {
			notes = t.Reason
			continue
		}
		routes = append(routes, t)
	}
	return routes, notes
}
