package operator

import (
	"encoding/json"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// Paste is what somebody wants to see as cards: a body that a hook might be sent, or a
// sample of a connector type's events.
type Paste struct {
	Body string `json:"body,omitempty"`
	// Type and Kind choose the sample, unless there is a body.
	Type string `json:"type,omitempty"`
	Kind string `json:"kind,omitempty"`
	// ChannelType shows one channel type only, such as "slack".
	ChannelType string `json:"channel_type,omitempty"`
}

// Pasted is what a paste comes to.
type Pasted struct {
	// Refused is what a hook would answer if it took nothing of the body: what is wrong, and
	// where.
	Refused string `json:"refused,omitempty"`
	// Notes say how the body was read, and what of it cannot be shown.
	Notes []string `json:"notes"`
	// Cards are the cards in the body, and Previews each of them in each format. Left says
	// how many more cards or previews there would be: too much is not shown.
	Cards    []json.RawMessage `json:"cards"`
	Previews []Preview         `json:"previews"`
	Left     int               `json:"left,omitempty"`
}

// Preview is a card as one channel type gets it.
type Preview struct {
	// Card is the number of the card within the body, from 1, and Kind is what the body
	// was read as.
	Card        int      `json:"card"`
	Kind        string   `json:"kind"`
	Type        string   `json:"type"`
	Payload     string   `json:"payload,omitempty"`
	ContentType string   `json:"content_type"`
	Bytes       int      `json:"bytes"`
	Used        []Usage  `json:"used"`
	Omitted     []string `json:"omitted"`
	// Body is JSON as it is sent, or the fields of a form.
	Body any `json:"body"`
}

// Usage is how much of a limit of the chat system a payload uses.
type Usage struct {
	Unit string `json:"unit"`
	Used int    `json:"used"`
	Most int    `json:"most"`
}

// RouteDraft is a route that somebody is trying out: the text of one route block, and the
// connector whose events it is tried on. Instead of a connector it may name a connector
// type, whose samples it is tried on.
type RouteDraft struct {
	Connector string `json:"connector,omitempty"`
	Type      string `json:"type,omitempty"`
	Route     string `json:"route"`
	// Channels are those that it may name; whoever guards the relay sets them.
	Channels []string `json:"-"`
}

// RouteTrial is what became of a route draft: what is wrong with it and, when nothing is,
// how it takes each event, newest first.
type RouteTrial struct {
	Flaws  []Flaw        `json:"flaws"`
	Events []RoutedEvent `json:"events"`
}

// Flaw is something wrong in a text, where it is.
type Flaw struct {
	// Warning says that it stops nothing.
	Warning bool   `json:"warning,omitempty"`
	Summary string `json:"summary"`
	Detail  string `json:"detail,omitempty"`
	// Line and Column count from 1. EndLine and EndColumn are where it ends.
	Line      int `json:"line"`
	Column    int `json:"column"`
	EndLine   int `json:"end_line"`
	EndColumn int `json:"end_column"`
}

// RoutedEvent is how a route takes one event.
type RoutedEvent struct {
	// Event is its number; 0 for a sample of the connector's type.
	Event   int64     `json:"event,omitempty"`
	Kind    string    `json:"kind"`
	Title   string    `json:"title"`
	Time    time.Time `json:"time,omitzero"`
	Matched bool      `json:"matched"`
	Urgent  bool      `json:"urgent,omitempty"`
	// Reason says why it did not match, or what of the card could not be changed.
	Reason string `json:"reason,omitempty"`
	// Card is the card as it would become, if the event matches and the card is not too
	// large to show.
	Card json.RawMessage `json:"card,omitempty"`
}

// Examination is what a trial of a channel found.
type Examination struct {
	Channel string `json:"channel"`
	Type    string `json:"type"`
	// Payload is the configured one; empty for the type's first.
	Payload string      `json:"payload,omitempty"`
	Trials  []CardTrial `json:"trials"`
}

// CardTrial is one card that an examination posted to a channel.
type CardTrial struct {
	// Number is part of the card's title, so that a person can say which card arrived.
	Number int `json:"number"`
	// Payload is the form in which the card was posted; empty for a type that has one.
	Payload string           `json:"payload,omitempty"`
	Verdict delivery.Verdict `json:"verdict"`
	Status  int              `json:"status"`
	Detail  string           `json:"detail,omitempty"`
}
