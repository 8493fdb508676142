// Package operator is what a person can ask a running relay, and have it do.
//
// [Relay] is all of it. Package desk answers from the daemon's parts; package api serves a
// Relay as JSON over HTTP, and asks one elsewhere. The command line, the pages, the
// metrics and the API all read the types defined here, so that they say the same.
//
// Each noun has a file, and one of the same name in desk that fills it in. A new question
// is a method of Relay, its answer in desk, and a line in api's endpoints and its Client.
package operator

import (
	"context"
	"errors"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/store"
)

// Errors that keep their meaning across the socket.
var (
	// ErrNotFound means that there is no such channel, connector, event or delivery.
	ErrNotFound = errors.New("not found")
	// ErrInvalid means that the request is not possible as it was made; for a reload,
	// that the configuration is invalid and the old one stays in force.
	ErrInvalid = errors.New("invalid")
	// ErrForbidden means that whoever asks may not do this.
	ErrForbidden = errors.New("not allowed")
	// ErrConflict means that what the request is about has changed since it was looked at.
	ErrConflict = errors.New("changed in the meantime")
	// ErrBusy means that many ask for something costly, or one asks too often; try again in
	// a moment.
	ErrBusy = errors.New("busy")
)

// The bounds of what a relay is asked at a time.
const (
	// MostListed is how many deliveries or events it lists, so that no answer takes much
	// memory.
	MostListed = 200
	// MostCounted is how many deliveries it counts, replays or dismisses.
	MostCounted = 100_000
	// MostUnsaid is how many it replays or dismisses without having been told their number.
	MostUnsaid = 1000
)

// Relay is a running relay as an operator sees it. All methods are safe for
// concurrent use.
type Relay interface {
	// Status is the relay at a glance.
	Status(ctx context.Context) (Status, error)
	// Problems lists everything that is wrong now; when there is nothing, all is well.
	Problems(ctx context.Context) ([]Problem, error)
	// Connectors lists the connectors by name. Those that are no longer configured, but
	// that left something in the store come last.
	Connectors(ctx context.Context) ([]Connector, error)
	// Channels lists the channels by name, including those that are no longer configured
	// but have waiting cards or dead letters.
	Channels(ctx context.Context) ([]Channel, error)
	// Plugins lists the plugins and how their processes stand.
	Plugins(ctx context.Context) ([]Plugin, error)
	// PluginLog returns the last lines of a plugin's log, oldest first, without secrets.
	PluginLog(ctx context.Context, plugin string) ([]LogLine, error)
	// Deliveries lists deliveries, newest first.
	Deliveries(ctx context.Context, f store.Filter) ([]Delivery, error)
	// Count counts the deliveries that a list would have, up to 100,000.
	Count(ctx context.Context, f store.Filter) (Count, error)
	// Rates count what has happened in the last day, hour by hour.
	Rates(ctx context.Context) (Rates, error)
	// Delivery tells the way of one delivery: that of its event, without the other deliveries.
	Delivery(ctx context.Context, id int64) (Explanation, error)
	// Payload writes a delivery's card for its channel once more, as it would be sent now.
	Payload(ctx context.Context, delivery int64) (Payload, error)
	// Events lists events, newest first.
	Events(ctx context.Context, f store.EventFilter) ([]Fated, error)
	// Refusals lists the requests to hooks from which nothing was accepted, the last one
	// first: those to one connector or, without a name, to all.
	Refusals(ctx context.Context, connector string) ([]store.Refusal, error)
	// Explain tells an event's fate, step by step. The reference is an event's
	// ID or key.
	Explain(ctx context.Context, ref string) ([]Explanation, error)
	// Send puts a card into a channel's lane, as a connector's event would be.
	Send(ctx context.Context, channel string, c card.Card) (Delivery, error)
	// Poll polls a connector now and keeps what it finds.
	Poll(ctx context.Context, connector string) (PollReport, error)
	// DryRun polls a connector now and keeps nothing: no event, no checkpoint. It also
	// lists the events that the connector considers known, with the reason.
	DryRun(ctx context.Context, connector string) ([]Event, error)
	// SignIn starts a sign-in for a connector.
	SignIn(ctx context.Context, connector string) (SignIn, error)
	// AwaitSignIn returns when a sign-in is over: nil when the person has signed in.
	AwaitSignIn(ctx context.Context, id string) error
	// PasteToken ends a sign-in with a token that the person created on the page.
	PasteToken(ctx context.Context, id, token string) error
	// PostCard posts a card to a connector's hook URL, as an application would.
	PostCard(ctx context.Context, connector string, c card.Card) (HookAnswer, error)
	// AddPicture keeps a picture, drawn anew as a small PNG, under a public address that
	// nobody can guess. It is removed once no connector has shown it for a day.
	AddPicture(ctx context.Context, u Upload) (Picture, error)
	// RotateHook gives a connector a new hook URL. The old one works for the grace time.
	RotateHook(ctx context.Context, connector string, grace time.Duration) (Connector, error)
	// ForgetConnector removes everything kept of a connector that is no longer configured.
	ForgetConnector(ctx context.Context, connector string) error
	// ForgetChannel dismisses the waiting cards and dead letters of a channel that is no
	// longer configured, and returns how many there were.
	ForgetChannel(ctx context.Context, channel string) (int, error)
	// Pause keeps a channel's cards until a Resume. The reason is for people.
	Pause(ctx context.Context, channel, reason string) error
	// Drain lets a channel send what waits in it now, also if somebody has paused it, and
	// then pauses it until a Resume.
	Drain(ctx context.Context, channel string) error
	// Waiting lists the first 200 cards that wait in a channel, in the order in which they
	// go out, and why they wait.
	Waiting(ctx context.Context, channel string) ([]Delivery, error)
	// Resume lets a paused channel go on, with the card that waits longest.
	Resume(ctx context.Context, channel string) error
	// Mutes lists what is muted now; what ends first comes first.
	Mutes(ctx context.Context) ([]Mute, error)
	// Mute keeps cards back from now on, in the name of whoever asks.
	Mute(ctx context.Context, m Mute) (Mute, error)
	// Unmute ends a mute. What it kept back is not delivered later.
	Unmute(ctx context.Context, id int64) error
	// Replay makes dead letters wait again, at their old position, and also what was
	// dismissed and is still kept. It is a conflict when another number than expected
	// matches.
	Replay(ctx context.Context, s Selection) ([]int64, error)
	// Dismiss discards dead letters. It is a conflict when another number than expected
	// matches.
	Dismiss(ctx context.Context, s Selection) ([]int64, error)
	// Configuration returns the files of the configuration that runs, without secrets.
	Configuration(ctx context.Context) ([]File, error)
	// Me says who asks.
	Me(ctx context.Context) (Me, error)
	// AuditLog lists who did what, newest first.
	AuditLog(ctx context.Context, f store.AuditFilter) ([]Audited, error)
	// Tokens lists the API tokens by person and name.
	Tokens(ctx context.Context) ([]Token, error)
	// CreateToken makes a token for whoever asks, and shows its secret this once.
	CreateToken(ctx context.Context, t NewToken) (Token, error)
	// RevokeToken ends a token.
	RevokeToken(ctx context.Context, t TokenRef) error
	// Preview shows what a body comes to, or a sample event: its cards as each chat system
	// gets them. Nothing is kept or sent.
	Preview(ctx context.Context, p Paste) (Pasted, error)
	// TryRoute tries a route on the last events of a connector, or on samples where there
	// are none. Nothing is kept or sent.
	TryRoute(ctx context.Context, d RouteDraft) (RouteTrial, error)
	// Doctor posts numbered cards to a channel, past its lane, and says how they are answered.
	Doctor(ctx context.Context, channel string) (Examination, error)
	// Plan says what a Reload would change, and what it would leave behind.
	Plan(ctx context.Context) ([]Change, error)
	// Reload reads the configuration again. When it is invalid, the error is
	// [ErrInvalid] with the diagnostics as its text, and nothing has changed.
	Reload(ctx context.Context) ([]Change, error)

	// Types lists the connector types that people can add, by title.
	Types(ctx context.Context) ([]ConnectorType, error)
	// Blocks lists the saved connectors by name: those that people made here, in no file.
	Blocks(ctx context.Context) ([]Block, error)
	// Draft says what a connector would be, and what is wrong with it. Nothing is saved.
	Draft(ctx context.Context, d Draft) (Drafted, error)
	// TryConnector polls a connector that need not be saved, and keeps nothing. One that is
	// not polled shows samples.
	TryConnector(ctx context.Context, d Draft) (Trial, error)
	// Save saves a connector and starts it. With mistakes the error is a [MistakenError],
	// and nothing has changed; so it is with [ErrConflict], when somebody else saved it
	// meanwhile.
	Save(ctx context.Context, d Draft) (Block, error)
	// RemoveBlock removes a saved connector, which stops. Its hook URL, checkpoint and
	// history stay until ForgetConnector.
	RemoveBlock(ctx context.Context, connector string, revision int64) error
	// TakeOver makes whoever asks the owner of a saved connector whose owner has left its
	// team. Who signed in for it is forgotten, so the new owner signs in.
	TakeOver(ctx context.Context, connector string) (Block, error)
	// Export returns the saved connectors as one configuration file.
	Export(ctx context.Context) (Exported, error)
}
