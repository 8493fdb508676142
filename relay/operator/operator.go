// Package operator is what a person can ask of a running relay: one interface,
// which the daemon implements, [Handler] serves as JSON over HTTP, and [Client]
// implements again for the command line.
package operator

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
)

// Errors that keep their meaning across the socket.
var (
	// ErrNotFound: there is no channel, connector, event or delivery like that.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: what was asked cannot be done as it was asked; for a reload,
	// the configuration is invalid and the old one goes on.
	ErrInvalid = errors.New("invalid")
)

// Relay is a running relay as an operator sees it. All methods are safe for
// concurrent use.
type Relay interface {
	Status(ctx context.Context) (Status, error)
	Connectors(ctx context.Context) ([]Connector, error)
	Channels(ctx context.Context) ([]Channel, error)
	Plugins(ctx context.Context) ([]Plugin, error)
	// Deliveries lists deliveries, newest first.
	Deliveries(ctx context.Context, q Query) ([]Delivery, error)
	// Events lists events, newest first.
	Events(ctx context.Context, q EventQuery) ([]Fated, error)
	// Refusals lists requests to hooks of which nothing was accepted, the last one
	// first; those of one connector, or, when it is empty, of all.
	Refusals(ctx context.Context, connector string) ([]Refusal, error)
	// Explain tells an event's fate, step by step. The reference is an event's
	// ID or key.
	Explain(ctx context.Context, ref string) ([]Explanation, error)
	// Send puts a card into a channel's lane, as a connector's event would be.
	Send(ctx context.Context, channel string, c card.Card) (Delivery, error)
	// Poll polls a connector now and keeps what it finds.
	Poll(ctx context.Context, connector string) (PollReport, error)
	// DryRun polls a connector now and keeps nothing: no event, no checkpoint. What the
	// poll takes for known is among the events, and says why.
	DryRun(ctx context.Context, connector string) ([]Event, error)
	// SignIn starts a sign-in for a connector.
	SignIn(ctx context.Context, connector string) (SignIn, error)
	// AwaitSignIn returns when a sign-in is over: nil when the person has signed in.
	AwaitSignIn(ctx context.Context, id string) error
	// PasteToken ends a sign-in with a token that the person has made on the page.
	PasteToken(ctx context.Context, id, token string) error
	// RotateHook gives a connector a new hook URL; the one it has works for the grace
	// time.
	RotateHook(ctx context.Context, connector string, grace time.Duration) (Connector, error)
	// ForgetConnector removes all that is kept of a connector that is not in the
	// configuration.
	ForgetConnector(ctx context.Context, connector string) error
	// ForgetChannel dismisses what waits in a channel that is not in the configuration,
	// and its dead letters, and says how many those were.
	ForgetChannel(ctx context.Context, channel string) (int, error)
	Pause(ctx context.Context, channel, reason string) error
	Resume(ctx context.Context, channel string) error
	// Replay makes dead letters waiting again, at their old position.
	Replay(ctx context.Context, s Selection) ([]int64, error)
	// Dismiss puts dead letters away.
	Dismiss(ctx context.Context, s Selection) ([]int64, error)
	// Plan says what a Reload would change, and what it would leave behind.
	Plan(ctx context.Context) ([]Change, error)
	// Reload reads the configuration again. When it is invalid the error is
	// [ErrInvalid] with the diagnostics as its text, and nothing has changed.
	Reload(ctx context.Context) ([]Change, error)
}

// Status is the relay at a glance.
type Status struct {
	Version    string    `json:"version"`
	Config     string    `json:"config"`
	Started    time.Time `json:"started"`
	Configured time.Time `json:"configured"`
	Listen     string    `json:"listen"`
	Dashboard  string    `json:"dashboard"`
	Connectors int       `json:"connectors"`
	Channels   int       `json:"channels"`
	Waiting    int       `json:"waiting"`
	Dead       int       `json:"dead_letters"`
	// Problems are sentences about all that is wrong now.
	Problems []string `json:"problems"`
	// Notes are what connectors say of how they stand with their sources.
	Notes []string `json:"notes,omitempty"`
	// Quiet are sentences about the channels whose quiet hours it is.
	Quiet []string `json:"quiet,omitempty"`
}

// Connector is a configured source.
type Connector struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Enabled bool   `json:"enabled"`
	// HookURL is where its source may push; empty when the type does not receive.
	HookURL string `json:"hook_url,omitempty"`
	// HookUsed is when that URL was last used.
	HookUsed time.Time `json:"hook_used,omitzero"`
	// FormerHook is the URL from before the last rotation, as long as it works.
	FormerHook *FormerHook `json:"former_hook,omitempty"`
	Schedule   string      `json:"schedule,omitempty"`
	Health     string      `json:"health"`
	Problem    string      `json:"problem,omitempty"`
	// Note is what the connector itself says of how it stands with its source.
	Note string `json:"note,omitempty"`
	// Suspended says by channel why the connector's cards do not go there.
	Suspended map[string]string `json:"suspended,omitempty"`
	LastPoll  time.Time         `json:"last_poll,omitzero"`
	NextPoll  time.Time         `json:"next_poll,omitzero"`
	LastEvent time.Time         `json:"last_event,omitzero"`
}

// FormerHook is a hook URL that a rotation has replaced.
type FormerHook struct {
	URL string `json:"hook_url,omitempty"`
	// Until is when it ends, and Used when it was last used.
	Until time.Time `json:"until"`
	Used  time.Time `json:"hook_used,omitzero"`
}

// SignIn is a sign-in under way.
type SignIn struct {
	ID string `json:"sign_in"`
	// Flow is "device code", "authorisation code" or "token page".
	Flow string `json:"flow"`
	// URL is where the person goes; Code is what a device code sign-in has them
	// enter there.
	URL     string    `json:"url"`
	Code    string    `json:"code,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Expires time.Time `json:"expires"`
}

// Pasted is a token that a person has made on a service's page.
type Pasted struct {
	Token string `json:"token"`
}

// Channel is a configured chat endpoint and its lane.
type Channel struct {
	Name    string             `json:"name"`
	Type    string             `json:"type"`
	Lane    delivery.LaneState `json:"lane"`
	Pause   delivery.Pause     `json:"pause,omitempty"`
	Reason  string             `json:"reason,omitempty"`
	Since   time.Time          `json:"since,omitzero"`
	Next    time.Time          `json:"next,omitzero"`
	Waiting int                `json:"waiting"`
	Dead    int                `json:"dead_letters"`
	Oldest  time.Time          `json:"oldest,omitzero"`
}

// Plugin is a plugin process.
type Plugin struct {
	Name       string    `json:"name"`
	Path       string    `json:"path"`
	Bundled    bool      `json:"bundled"`
	Types      []string  `json:"types"`
	Running    bool      `json:"running"`
	PID        int       `json:"pid,omitempty"`
	Generation int       `json:"generation"`
	Problem    string    `json:"problem,omitempty"`
	Restart    time.Time `json:"restart,omitzero"`
}

// Query narrows a list of deliveries; zero fields do not narrow.
type Query struct {
	Channel   string
	Connector string
	Event     int64
	States    []delivery.State
	Before    int64
	// Limit is at most this many; a [Relay] answers with [MostListed] at a time.
	Limit int
}

// MostListed is how many deliveries a relay lists at a time, so that no answer takes
// much memory.
const MostListed = 200

// Delivery is one card on its way to one channel.
type Delivery struct {
	ID         int64          `json:"delivery"`
	Event      int64          `json:"event"`
	Channel    string         `json:"channel"`
	Connector  string         `json:"connector"`
	Kind       string         `json:"kind"`
	Title      string         `json:"title"`
	State      delivery.State `json:"state"`
	Attempts   int            `json:"attempts"`
	AcceptedAt time.Time      `json:"accepted_at"`
	FinishedAt time.Time      `json:"finished_at,omitzero"`
	NextTry    time.Time      `json:"next_attempt,omitzero"`
	// Urgent says that it goes out in quiet hours, too.
	Urgent bool `json:"urgent,omitempty"`
	// Digest is the delivery that led the digest in which it arrived, which had so
	// many cards; 0 when it arrived as a card of its own or not yet.
	Digest      int64 `json:"digest,omitempty"`
	DigestCards int   `json:"digest_cards,omitempty"`
	// Reason says why it is dead, or why it waits: for the end of quiet hours, or what
	// the last attempt came to.
	Reason string `json:"reason,omitempty"`
}

// Attempt is one try to deliver.
type Attempt struct {
	Number            int              `json:"attempt"`
	Started           time.Time        `json:"started"`
	TookMS            float64          `json:"took_ms"`
	Verdict           delivery.Verdict `json:"verdict"`
	Status            int              `json:"status,omitempty"`
	Detail            string           `json:"detail,omitempty"`
	Bytes             int              `json:"bytes,omitempty"`
	Omitted           []string         `json:"omitted,omitempty"`
	PossibleDuplicate bool             `json:"possible_duplicate,omitempty"`
	// DigestCards is how many cards it carried as a digest; 0 when it was none.
	DigestCards int `json:"digest_cards,omitempty"`
}

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
	// Because says, in a dry run, why it is taken for one that is known.
	Because string          `json:"because,omitempty"`
	Card    json.RawMessage `json:"card,omitempty"`
	// Data is what routes see as event.data.
	Data json.RawMessage `json:"data,omitempty"`
}

// Explanation is an event's way through the relay.
type Explanation struct {
	Event
	// Notes are what the connector said of how it read the event.
	Notes      string        `json:"notes,omitempty"`
	Routes     []event.Trace `json:"routes"`
	Deliveries []Explained   `json:"deliveries"`
}

// Explained is one delivery with its attempts.
type Explained struct {
	Delivery
	Tries []Attempt `json:"tries"`
}

// PollReport is what a poll came to.
type PollReport struct {
	Events int       `json:"events"`
	Known  int       `json:"known"`
	Next   time.Time `json:"next_poll,omitzero"`
}

// Selection chooses dead letters: by delivery, or all of a channel, or all.
type Selection struct {
	Deliveries []int64 `json:"deliveries,omitempty"`
	Channel    string  `json:"channel,omitempty"`
	All        bool    `json:"all,omitempty"`
}
