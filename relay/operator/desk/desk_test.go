package desk

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// parts are a relay's parts that stand as a test says.
type parts struct {
	Store
	Intake
	Dispatch
	Daemon
	running    Running
	kept       []store.Kept
	deliveries []store.Summary
	lanes      []dispatch.Lane
	connectors []intake.Status
	quiet      time.Time
}

func (p *parts) Running() Running                                    { return p.running }
func (p *parts) Connectors(context.Context) ([]store.Kept, error)    { return p.kept, nil }
func (p *parts) DeadLetters(context.Context) (map[string]int, error) { return map[string]int{}, nil }
func (p *parts) Status() []intake.Status                             { return p.connectors }
func (p *parts) HookURLs() []intake.HookURL                          { return nil }
func (p *parts) Lanes() []dispatch.Lane                              { return p.lanes }
func (p *parts) Quiet(string) time.Time                              { return p.quiet }
func (p *parts) Deliveries(context.Context, store.Filter) ([]store.Summary, error) {
	return p.deliveries, nil
}

func (p *parts) desk() *Desk {
	return New(Options{Store: p, Intake: p, Dispatch: p, Daemon: p})
}

// TestWhatAnotherNodeRunsIsAskedOfTheStore: what is configured and does not run here is
// not taken for removed.
func TestWhatAnotherNodeRunsIsAskedOfTheStore(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	p := &parts{
		running: Running{
			Channels:   map[string]string{"here": "slack", "there": "teams", "held": "teams"},
			Connectors: map[string]string{"ours": "webhook", "theirs": "rss"},
		},
		lanes: []dispatch.Lane{
			{Lane: delivery.Lane{Channel: "gone", Waiting: 1, Reason: "refused"}},
			{Lane: delivery.Lane{Channel: "held", Pause: delivery.PausedByEndpoint, Reason: "refused: 404"}},
			{Lane: delivery.Lane{Channel: "here", Waiting: 2}, State: delivery.BackingOff},
			{Lane: delivery.Lane{Channel: "there", Waiting: 3}},
		},
		connectors: []intake.Status{{Name: "ours", Type: "webhook", Enabled: true, Health: "ok"}},
		kept: []store.Kept{
			{Name: "old", Type: "rss", Poll: store.Poll{Health: "ok", Next: now, Problem: "none"}},
			{Name: "ours", Type: "webhook"},
			{Name: "theirs", Type: "rss", Poll: store.Poll{Health: "throttled", Problem: "429", Note: "slow", Next: now}},
		},
	}
	channels, err := p.desk().Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []operator.Channel{
		{Name: "gone", Lane: delivery.Removed, Reason: "the channel is not in the configuration; its deliveries wait", Waiting: 1},
		{Name: "held", Type: "teams", Lane: delivery.Paused, Pause: delivery.PausedByEndpoint, Reason: "refused: 404"},
		{Name: "here", Type: "slack", Lane: delivery.BackingOff, Waiting: 2},
		{Name: "there", Type: "teams", Lane: delivery.Open, Waiting: 3},
	}
	if diff := cmp.Diff(want, channels); diff != "" {
		t.Errorf("the channels (-want +got):\n%s", diff)
	}
	connectors, err := p.desk().Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantConnectors := []operator.Connector{
		{Name: "ours", Type: "webhook", Enabled: true, Health: "ok"},
		{Name: "old", Type: "rss", Health: "removed"},
		{Name: "theirs", Type: "rss", Enabled: true, Health: "throttled", Problem: "429", Note: "slow", NextPoll: now},
	}
	if diff := cmp.Diff(wantConnectors, connectors); diff != "" {
		t.Errorf("the connectors (-want +got):\n%s", diff)
	}
}

// TestADeliverySaysWhyItWaitsOrHowItArrived.
func TestADeliverySaysWhyItWaitsOrHowItArrived(t *testing.T) {
	end := time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)
	tried := &delivery.Attempt{Gathered: 3, Outcome: delivery.Outcome{Verdict: delivery.VerdictFailed, Detail: "500"}}
	for name, tt := range map[string]struct {
		state  delivery.State
		urgent bool
		last   *delivery.Attempt
		quiet  time.Time
		reason string
		want   operator.Delivery
	}{
		"delivered in a digest":          {state: delivery.Delivered, last: tried, want: operator.Delivery{Digest: 7, DigestCards: 3}},
		"accepted in a digest":           {state: delivery.Accepted, last: tried, want: operator.Delivery{Digest: 7, DigestCards: 3}},
		"waiting after a digest failed":  {state: delivery.Waiting, last: tried, want: operator.Delivery{Reason: "failed: 500"}},
		"waiting and never tried":        {state: delivery.Waiting},
		"waiting in quiet hours":         {state: delivery.Waiting, last: tried, quiet: end, want: operator.Delivery{Reason: "until the quiet hours end", NextTry: end}},
		"urgent in quiet hours":          {state: delivery.Waiting, urgent: true, quiet: end, want: operator.Delivery{Urgent: true}},
		"dead, which says why by itself": {state: delivery.Dead, last: tried, reason: "rejected", want: operator.Delivery{Reason: "rejected"}},
	} {
		p := &parts{quiet: tt.quiet, deliveries: []store.Summary{{
			Delivery: delivery.Delivery{State: tt.state, Urgent: tt.urgent, Digest: 7, Reason: tt.reason}, Last: tt.last,
		}}}
		list, err := p.desk().Deliveries(t.Context(), store.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		tt.want.State = tt.state
		if diff := cmp.Diff([]operator.Delivery{tt.want}, list); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
