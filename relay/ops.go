package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// The names under which the relay's own events are stored. A configured
// connector cannot have a dot in its name.
const (
	opsConnector  = "relay.ops"
	sendConnector = "relay.send"
)

// The colours of the relay's own cards, besides which the words say the same.
const (
	colorTrouble = "C4314B"
	colorWell    = "237B4B"
)

// ops is where the relay itself speaks: the operators' channel, if there is one.
// What it says goes the way of every other event, so it is durable too.
type ops struct {
	store store.Store
	log   zerolog.Logger

	mu      sync.Mutex
	channel string
}

func (o *ops) configure(channel string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.channel = channel
}

func (o *ops) where() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.channel
}

// say posts a card to the operators' channel. It must not fail what it reports
// on, so a failure is only logged.
func (o *ops) say(kind, title, text, color string) {
	channel := o.where()
	if channel == "" {
		return
	}
	c := card.Card{Summary: title, Title: title, Text: text, ThemeColor: color}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if _, err := accept(ctx, o.store, opsConnector, kind, channel, c); err != nil {
		o.log.Error().Err(err).Str("kind", kind).Msg("the operators could not be told")
	}
}

// accept stores one card of the relay's own for one channel.
func accept(ctx context.Context, s store.Store, connector, kind, channel string, c card.Card) (store.Receipt, error) {
	entry := store.Entry{
		Event:      event.Event{Kind: kind, Time: time.Now(), Card: c, Data: json.RawMessage("{}")},
		Fate:       event.Routed,
		Deliveries: []store.Draft{{Channel: channel}},
	}
	receipts, err := s.Accept(ctx, store.Batch{Connector: connector, Events: []store.Entry{entry}})
	if err != nil {
		return store.Receipt{}, err
	}
	return receipts[0], nil
}

// laneChanged tells the operators that a lane paused by itself or is well again.
// A card about their own channel would only wait in it; status tells of that one.
func (r *Relay) laneChanged(n dispatch.Notice) {
	if n.Channel == r.ops.where() {
		return
	}
	if n.Paused {
		r.ops.say("channel paused", fmt.Sprintf("Channel %s is paused", n.Channel),
			card.Escape(n.Reason)+"\n\nIts cards wait and nothing is lost. Relay tries again now and then; after a repair, `relay resume "+n.Channel+"` tries at once.", colorTrouble)
		return
	}
	r.ops.say("channel resumed", fmt.Sprintf("Channel %s is open again", n.Channel), "What waited is on its way.", colorWell)
}

// connectorChanged tells the operators that a source broke or is well again.
func (r *Relay) connectorChanged(n intake.Notice) {
	if n.Broken {
		r.ops.say("connector broken", fmt.Sprintf("Connector %s is %s", n.Connector, n.Health), card.Escape(n.Problem), colorTrouble)
		return
	}
	r.ops.say("connector well", fmt.Sprintf("Connector %s is well again", n.Connector), "Nothing was skipped: it goes on from where it stopped.", colorWell)
}

// pluginChanged tells the operators that a plugin keeps failing or runs again.
func (r *Relay) pluginChanged(s pluginhost.Status) {
	if s.Running {
		r.ops.say("plugin well", fmt.Sprintf("Plugin %s runs again", s.Name), "Its connectors go on from where they stopped.", colorWell)
		return
	}
	r.ops.say("plugin failing", fmt.Sprintf("Plugin %s keeps failing", s.Name), card.Escape(s.Problem)+"\n\nRelay goes on starting it again, with pauses.", colorTrouble)
}
