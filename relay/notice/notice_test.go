package notice

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/memory"
)

// accepting is a store that keeps what it accepts, or fails.
type accepting struct {
	batches []store.Batch
	err     error
}

func (a *accepting) Accept(_ context.Context, b store.Batch) ([]store.Receipt, error) {
	if a.err != nil {
		return nil, a.err
	}
	a.batches = append(a.batches, b)
	return make([]store.Receipt, len(b.Events)), nil
}

// TestEachNoticeIsOneCardInTheOperatorsChannel, under the relay's own name.
func TestEachNoticeIsOneCardInTheOperatorsChannel(t *testing.T) {
	b := New(zerolog.Nop())
	for title, tell := range map[string]func(){
		"Channel dev is paused":     func() { b.Lane(dispatch.Notice{Channel: "dev", Paused: true, Reason: "*gone*"}) },
		"Channel dev is open again": func() { b.Lane(dispatch.Notice{Channel: "dev"}) },
		"Connector ci is misconfigured": func() {
			b.Connector(intake.Notice{Connector: "ci", Broken: true, Health: "misconfigured", Problem: "*gone*"})
		},
		"Connector ci is well again":                    func() { b.Connector(intake.Notice{Connector: "ci", Health: "ok"}) },
		"Plugin rss keeps failing":                      func() { b.Plugin(pluginhost.Status{Spec: pluginhost.Spec{Name: "rss"}, Problem: "*gone*"}) },
		"Plugin rss runs again":                         func() { b.Plugin(pluginhost.Status{Spec: pluginhost.Spec{Name: "rss"}, Running: true}) },
		"The new configuration leaves something behind": func() { b.LeftBehind([]string{"*gone*"}) },
	} {
		s := &accepting{}
		b.Use(s, nil, "ops")
		tell()
		if len(s.batches) != 1 || s.batches[0].Connector != "relay.ops" || len(s.batches[0].Events) != 1 {
			t.Fatalf("%s: the store has %+v", title, s.batches)
		}
		e := s.batches[0].Events[0]
		if e.Card.Title != title || len(e.Deliveries) != 1 || e.Deliveries[0].Channel != "ops" {
			t.Errorf("want %q in ops, got %q in %+v", title, e.Card.Title, e.Deliveries)
		}
		if strings.Contains(e.Card.Text, "*gone*") {
			t.Errorf("%s: what others said is markup: %s", title, e.Card.Text)
		}
	}
}

func TestNothingIsSaidWhereNobodyWouldReadIt(t *testing.T) {
	s, b := &accepting{}, New(zerolog.Nop())
	b.LeftBehind([]string{"before a configuration is known"})
	b.Use(s, nil, "")
	b.LeftBehind([]string{"without a channel for operators"})
	b.Use(s, nil, "ops")
	b.Lane(dispatch.Notice{Channel: "ops", Paused: true, Reason: "a card about their own channel would wait in it"})
	if len(s.batches) != 0 {
		t.Errorf("the store has %+v", s.batches)
	}
}

// TestANoticeForAMutedChannelIsOnlyStored, with its fate.
func TestANoticeForAMutedChannelIsOnlyStored(t *testing.T) {
	mutes, err := mute.Open(t.Context(), memory.New())
	if err != nil {
		t.Fatal(err)
	}
	for _, sort := range []string{mute.Connector, mute.Channel} {
		if _, err := mutes.Begin(t.Context(), store.Mute{Sort: sort, Name: "ops", By: "ada", Until: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		s, b := &accepting{}, New(zerolog.Nop())
		b.Use(s, mutes, "ops")
		b.LeftBehind([]string{"something"})
		e, muted := s.batches[0].Events[0], sort == mute.Channel
		if muted != (e.Fate == event.Muted) || muted != (len(e.Deliveries) == 0) {
			t.Errorf("a %s is muted, and the notice is %s with the deliveries %v", sort, e.Fate, e.Deliveries)
		}
		if muted && !strings.HasPrefix(e.Traces[0].Reason, "channel ops is muted by ada until ") {
			t.Errorf("its traces are %+v", e.Traces)
		}
	}
}

func TestANoticeThatCannotBeStoredIsLogged(t *testing.T) {
	var log strings.Builder
	b := New(zerolog.New(&log))
	b.Use(&accepting{err: errors.New("no room on the disk")}, nil, "ops")
	b.LeftBehind([]string{"something"})
	if got := log.String(); !strings.Contains(got, "no room on the disk") || !strings.Contains(got, "left behind") {
		t.Errorf("the log says %s", got)
	}
}
