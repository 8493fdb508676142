// Package connector is the contract between the relay and a connector plugin, and what a
// plugin's author imports.
//
// A connector is a struct whose tagged fields are its arguments, with a Describe method
// and at least one of Poll and Receive:
//
//	type Clock struct {
//		Zone string `relay:"zone" default:"UTC" doc:"The time zone whose hours to announce."`
//	}
//
//	func New() connector.Connector { return &Clock{} }
//
//	func (c *Clock) Describe() connector.Description { … }
//	func (c *Clock) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) { … }
//
//	func main() { connector.Serve(New) }
//
// The interfaces [Validator], [Authenticator] and [Remover] are optional. A poll emits
// its events with [Poll.EmitAt] and finds with [Recall] where the last one ended. For
// Receive there are [Signed], [ParseJSON] and [Accepted].
//
// Three packages below this one help: rest is the client for sources with a JSON API,
// kinds the table of a connector with many kinds of events, and connectortest checks in a
// test that a connector keeps the contract. Most cards are made from a card.Happening.
package connector

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// Connector is what every connector type implements, on a pointer to a struct.
// The struct's fields with a `relay:"name"` tag are the arguments; see
// [Serve] for the tags.
//
// One value serves one configured connector for as long as its arguments stay
// the same. Its methods may be called concurrently.
type Connector interface {
	// Describe is called on a value with no arguments set.
	Describe() Description
}

// Poller is a connector that the relay asks for what is new.
type Poller interface {
	// Poll emits what happened since p.Checkpoint, oldest first, and returns how long the
	// source asks to wait before the next poll (0 when it does not say). It may also
	// never return and emit events as they come. An error made by [Throttled],
	// [Unauthorised], [Gone] or [Misconfigured] is of that kind; any other is temporary.
	// Events that were emitted before an error stay.
	Poll(ctx context.Context, p *Poll) (again time.Duration, err error)
}

// Receiver is a connector whose source sends HTTP requests to its hook URL.
type Receiver interface {
	// Receive turns one request into an answer and events. The answer is sent only once
	// the events are stored. Receive must check itself whether the request is genuine
	// (its signature). An error gives the sender a 5xx.
	Receive(ctx context.Context, r *Request) (Reply, error)
}

// Validator is a connector that checks more than the schema can say. It uses no
// network. [Problems] collects what it finds.
type Validator interface {
	Validate() []Problem
}

// Remover is a connector that sets something up at its source, such as a webhook.
type Remover interface {
	// Remove undoes that. The relay calls it with the last checkpoint once a reload has
	// removed the connector from its configuration.
	Remove(ctx context.Context, p *Poll) error
}

// Description is all that a person and the relay need to know of a connector
// type. The argument schema is read from the struct's tags.
type Description struct {
	// Type is the first label of a connector block.
	Type string
	// Title is the service's name as it writes it, such as "RSS" or "GitHub".
	Title string
	// Summary is one line.
	Summary string
	// Version is the plugin's; empty means the version of its main module.
	Version string
	// Icon is an SVG or PNG picture of at most 64 KiB; it may be empty.
	Icon []byte
	// Kinds are the event kinds it emits, with a sample of each.
	Kinds []Kind
	// Schedule is how often to poll where the configuration does not say, such
	// as "@every 15m". Empty means "@every 5m".
	Schedule string
}

// Type is a connector type as a plugin implements it: its description and what follows
// from the Go type, which is how events arrive and the argument schema.
type Type struct {
	Description
	Polls    bool
	Receives bool
	// SignsIn says that it is an [Authenticator].
	SignsIn   bool
	Arguments []Argument
}

// Kind is one kind of event.
type Kind struct {
	Name   string
	Doc    string
	Sample event.Event
}

// Poll is one poll under way.
type Poll struct {
	// Connector is the configured connector's name.
	Connector string
	// HookURL is the public address of the connector's hook; it is empty when
	// relay.public_url is not set.
	HookURL string
	// Checkpoint is the last one that was stored with an earlier poll's events; it is nil
	// at the first poll. [Recall] reads one that [Poll.EmitAt] made.
	Checkpoint event.Checkpoint
	// Token is the result of a person's sign-in: an access token that is valid for at
	// least this poll, or the token that was pasted. It is empty when nobody has signed
	// in; the poll then fails with [Unauthorised].
	Token string
	// Preview, when not 0, is how many of the newest events to emit whatever the
	// checkpoint says, because a person wants to see what the connector finds. Nothing
	// from such a poll is stored.
	Preview int
	// HTTP is the client to use: it carries the configured proxy, authorities
	// and User-Agent, and refuses private addresses that are not allowed.
	HTTP *http.Client
	// Log goes to the relay's log.
	Log *slog.Logger

	emit    func(context.Context, *wire.Batch) error
	waiting waiting
	// at is the checkpoint that this poll emitted last; nil before the first.
	at   event.Checkpoint
	note string
	// known is what the poll considered known, and knownCount how much that is.
	known      []Known
	knownCount int
}

// Newest returns those of a poll's events, given oldest first, that it should emit: at
// the first poll as many of the newest as people want to begin with, in a preview as many
// as they want to see, and otherwise all.
func Newest[T any](p *Poll, known bool, initial int, found []T) []T {
	switch {
	case p.Preview > 0:
		return found[max(0, len(found)-p.Preview):]
	case !known:
		return found[max(0, len(found)-initial):]
	}
	return found
}

// Note leaves a line for people about how the connector stands with its source,
// such as what is left of a budget. It is shown until the next poll, which replaces
// it; the last call counts.
func (p *Poll) Note(line string) { p.note = line }

// Known is something that a poll found and does not emit, because it considers it already emitted.
type Known struct {
	// Key is the key of its event, and Title is what people call it.
	Key, Title string
	// Because says why, as a part of a sentence, such as "its guid is known".
	Because string
}

// Knew reports how many things the poll found that it considers known, and for the first
// of them what they are and why; the debug log and a dry run show this. For a source
// without reliable identities, only this shows a person why there is no event.
func (p *Poll) Knew(count int, first ...Known) {
	p.knownCount += max(count, 0)
	p.known = append(p.known, first[:min(len(first), maxKnown-len(p.known))]...)
}

// maxKnown bounds how many known things a poll can name.
const maxKnown = 100

// Request is one HTTP request to a connector's hook URL.
type Request struct {
	// Connector is the configured connector's name.
	Connector string
	// HookURL is the public address of the hook; it is empty when relay.public_url is not set.
	HookURL string
	Method  string
	// Path is what follows the token in the hook URL, with a leading '/', or
	// empty. Query is the raw query.
	Path   string
	Query  string
	Header http.Header
	Body   []byte
	// Remote is the sender's address, without port.
	Remote string
	// Token is as in [Poll].
	Token string
	HTTP  *http.Client
	Log   *slog.Logger
}

// Reply is a connector's answer to a request, and the events that it found in the request.
type Reply struct {
	// Status is the HTTP status; 0 means 200.
	Status int
	Header http.Header
	Body   []byte
	Events []event.Event
}
