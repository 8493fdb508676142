// Package notice posts the relay's own cards: those that tell the operators when a lane,
// a connector or a plugin breaks and when it is well again, and those that a person sends
// by hand. They travel like every other event, so they survive a crash and keep their
// place in the lane.
//
// The parts only report that something has changed; the words are here. A new notice is a
// method of [Board].
package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// The names under which the relay's own events are stored. A configured connector cannot
// have a dot in its name.
const (
	operators = "relay.ops"
	byHand    = "relay.send"
)

// The colours of the relay's own cards. The words say the same.
const (
	colorTrouble = "C4314B"
	colorWell    = "237B4B"
)

// patience is how long the store may take to accept a notice.
const patience = 30 * time.Second

// Store accepts events.
type Store interface {
	Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error)
}

// Board posts to the operators' channel, if the configuration names one.
type Board struct {
	log zerolog.Logger

	mu      sync.Mutex
	store   Store
	mutes   *mute.Board
	channel string
}

// New returns a board that posts nothing until [Board.Use].
func New(log zerolog.Logger) *Board { return &Board{log: log} }

// Use makes the board post to a channel from now on; with no channel it posts nothing.
// While that channel is muted, notices are only stored.
func (b *Board) Use(s Store, mutes *mute.Board, channel string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store, b.mutes, b.channel = s, mutes, channel
}

func (b *Board) where() (Store, *mute.Board, string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.store, b.mutes, b.channel
}

// post stores a card for the operators. A failure is only logged, because reporting a
// problem must not cause another.
func (b *Board) post(kind, title, text, color string) {
	s, mutes, channel := b.where()
	if channel == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := card.Card{Summary: title, Title: title, Text: text, ThemeColor: color}
	if _, err := accept(ctx, s, operators, kind, channel, c, mutes.Channel(channel)); err != nil {
		b.log.Error().Err(err).Str("kind", kind).Msg("the notice to the operators could not be stored")
	}
}

// Lane reports that a lane has paused by itself or is open again. A card about the
// operators' own channel would only wait in it, so only the status reports that one.
func (b *Board) Lane(n dispatch.Notice) {
	if _, _, own := b.where(); n.Channel == own {
		return
	}
	if n.Paused {
		b.post("channel paused", fmt.Sprintf("Channel %s is paused", n.Channel),
			card.Escape(n.Reason)+"\n\nIts cards wait and nothing is lost. Relay tries again now and then; after a repair, `relay resume "+n.Channel+"` tries at once.", colorTrouble)
		return
	}
	b.post("channel resumed", fmt.Sprintf("Channel %s is open again", n.Channel), "What waited is on its way.", colorWell)
}

// Connector reports that a connector broke or is well again.
func (b *Board) Connector(n intake.Notice) {
	if n.Broken {
		b.post("connector broken", fmt.Sprintf("Connector %s is %s", n.Connector, n.Health), card.Escape(n.Problem), colorTrouble)
		return
	}
	b.post("connector well", fmt.Sprintf("Connector %s is well again", n.Connector), "Nothing was skipped: it goes on from where it stopped.", colorWell)
}

// Plugin reports that a plugin keeps failing or runs again.
func (b *Board) Plugin(s pluginhost.Status) {
	if s.Running {
		b.post("plugin well", fmt.Sprintf("Plugin %s runs again", s.Name), "Its connectors go on from where they stopped.", colorWell)
		return
	}
	b.post("plugin failing", fmt.Sprintf("Plugin %s keeps failing", s.Name), card.Escape(s.Problem)+"\n\nRelay goes on starting it again, with pauses.", colorTrouble)
}

// LeftBehind lists what a new configuration leaves behind.
func (b *Board) LeftBehind(warnings []string) {
	escaped := make([]string, len(warnings))
	for i, w := range warnings {
		escaped[i] = card.Escape(w)
	}
	b.post("left behind", "The new configuration leaves something behind", strings.Join(escaped, "\n\n"), colorTrouble)
}

// Send stores a card that a person sends to a channel by hand, which no mute keeps back.
func Send(ctx context.Context, s Store, channel string, c card.Card) (store.Receipt, error) {
	return accept(ctx, s, byHand, "sent", channel, c, nil)
}

// accept stores one card of the relay's own for one channel, unless that is muted.
func accept(ctx context.Context, s Store, connector, kind, channel string, c card.Card, muted *mute.Mute) (store.Receipt, error) {
	entry := store.Entry{
		Event:      event.Event{Kind: kind, Time: time.Now(), Card: c, Data: json.RawMessage("{}")},
		Fate:       event.Routed,
		Deliveries: []store.Draft{{Channel: channel}},
	}
	if muted != nil {
		note := event.Trace{Reason: muted.Note(nil, channel)[0].String()}
		entry.Fate, entry.Traces, entry.Deliveries = event.Muted, []event.Trace{note}, nil
	}
	receipts, err := s.Accept(ctx, store.Batch{Connector: connector, Events: []store.Entry{entry}})
	if err != nil {
		return store.Receipt{}, err
	}
	return receipts[0], nil
}
