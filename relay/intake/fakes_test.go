package intake

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"           //nolint:depguard // a route can only be compiled
	"github.com/hashicorp/hcl/v2/hclsyntax" //nolint:depguard // a route can only be compiled
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/store"
	memorystore "github.com/connector-relay/relay/relay/store/memory"
	"github.com/connector-relay/relay/relay/store/storetest"
)

// memory is a store in memory that counts what it is given. Its hook tokens can be known.
type memory struct {
	*storetest.Faults
	// hold, when not nil, is received from before each commit.
	hold chan struct{}

	mu       sync.Mutex
	accepted []store.Batch
	// refused are the lists of refusals, one for each commit.
	refused [][]store.Refusal
	// saved counts the polls that were saved, and uses how often it was kept that hooks
	// are used.
	saved, uses int
}

func newMemory() *memory {
	inside, tokens := memorystore.New(), make(map[string]int)
	inside.NewToken = func(connector string) string {
		tokens[connector]++
		return strings.Repeat("new-", tokens[connector]-1) + "token-of-" + connector
	}
	return &memory{Faults: storetest.NewFaults(inside)}
}

func (m *memory) note(what func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	what()
}

// breaks makes everything fail, until the error is nil.
func (m *memory) breaks(err error) {
	if err == nil {
		m.Inject(nil)
	} else {
		m.Inject(storetest.Fail(err))
	}
}

func (m *memory) Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error) {
	if m.hold != nil {
		select {
		case <-m.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	receipts, err := m.Faults.Accept(ctx, b)
	if err == nil {
		m.note(func() { m.accepted = append(m.accepted, b) })
	}
	return receipts, err
}

func (m *memory) Refuse(ctx context.Context, list []store.Refusal) error {
	m.note(func() { m.refused = append(m.refused, list) })
	return m.Faults.Refuse(ctx, list)
}

func (m *memory) SavePoll(ctx context.Context, name string, p store.Poll) error {
	err := m.Faults.SavePoll(ctx, name, p)
	if err == nil {
		m.note(func() { m.saved++ })
	}
	return err
}

func (m *memory) SaveHookUse(ctx context.Context, used map[string]time.Time) error {
	m.note(func() { m.uses++ })
	return m.Faults.SaveHookUse(ctx, used)
}

func (m *memory) batches() []store.Batch {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.accepted)
}

func (m *memory) refusals() [][]store.Refusal {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.refused)
}

func (m *memory) saves() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saved
}

// kept is what the store has of a connector, which is known to it from now on.
func (m *memory) kept(name string) store.Kept {
	c, err := m.Store.OpenConnector(context.Background(), name, "fake")
	if err != nil {
		panic(err)
	}
	return c
}

func (m *memory) poll(name string) store.Poll { return m.kept(name).Poll }

func (m *memory) checkpoint(name string) string { return string(m.kept(name).Checkpoint) }

// polled makes the store know a connector from an earlier run.
func (m *memory) polled(name string, p store.Poll) {
	m.kept(name)
	if err := m.Store.SavePoll(context.Background(), name, p); err != nil {
		panic(err)
	}
}

type emitFunc = func(context.Context, event.Batch) error

// plugins are connectors made of functions.
type plugins struct {
	mu sync.Mutex
	// poll is what all connectors do; polls are when each did.
	poll           func(ctx context.Context, s pluginhost.Call, at event.Checkpoint, emit emitFunc) (time.Duration, error)
	polls          map[string][]time.Time
	underWay, most int
	removed        []string
	receive        func(ctx context.Context, s pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error)
}

func (p *plugins) Poll(ctx context.Context, s pluginhost.Call, at event.Checkpoint, emit func(context.Context, event.Batch) error) (pluginhost.Done, error) {
	p.mu.Lock()
	if p.polls == nil {
		p.polls = make(map[string][]time.Time)
	}
	p.polls[s.Connector] = append(p.polls[s.Connector], time.Now())
	p.underWay++
	p.most = max(p.most, p.underWay)
	poll := p.poll
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.underWay--
		p.mu.Unlock()
	}()
	if poll == nil {
		return pluginhost.Done{}, nil
	}
	again, err := poll(ctx, s, at, emit)
	return pluginhost.Done{Again: again}, err
}

func (p *plugins) Receive(ctx context.Context, s pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
	return p.receive(ctx, s, r)
}

func (p *plugins) Remove(_ context.Context, s pluginhost.Call, at event.Checkpoint) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.removed = append(p.removed, s.Connector+" at "+string(at))
	return nil
}

func (p *plugins) set(poll func(context.Context, pluginhost.Call, event.Checkpoint, emitFunc) (time.Duration, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.poll = poll
}

// times are when a connector was polled, since a time.
func (p *plugins) times(name string, since time.Time) []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []time.Duration
	for _, t := range p.polls[name] {
		if !t.Before(since) {
			list = append(list, t.Sub(since))
		}
	}
	return list
}

func (p *plugins) count(name string) int { return len(p.times(name, epoch())) }

// names counts the connectors that have been polled.
func (p *plugins) names() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.polls)
}

// together is how many polls were under way at a time.
func (p *plugins) together() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.most
}

// epoch is when time begins in a bubble of synctest.
func epoch() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// always is a poll that always ends the same way.
func always(again time.Duration, err error) func(context.Context, pluginhost.Call, event.Checkpoint, emitFunc) (time.Duration, error) {
	return func(context.Context, pluginhost.Call, event.Checkpoint, emitFunc) (time.Duration, error) {
		return again, err
	}
}

// hang is a poll that ends when it is told to.
func hang(ctx context.Context, _ pluginhost.Call, _ event.Checkpoint, _ emitFunc) (time.Duration, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// polled is a connector that polls, receives, and sends all to channel a.
func polled(t testing.TB, name, schedule string, routes ...string) Spec {
	t.Helper()
	if len(routes) == 0 {
		routes = []string{`to = [channel.a]`}
	}
	return Spec{
		Call:      pluginhost.Call{Type: "fake", Connector: name},
		Arguments: func() ([]byte, error) { return []byte(`{}`), nil },
		Enabled:   true, Schedule: schedule, Routes: compile(t, routes...), Polls: true, Receives: true,
		Fingerprint: name + " " + schedule + strings.Join(routes, ";"),
	}
}

func compile(t testing.TB, insides ...string) []*route.Route {
	t.Helper()
	var routes []*route.Route
	for _, inside := range insides {
		source := []byte("route {\n" + inside + "\n}\n")
		file, diags := hclsyntax.ParseConfig(source, "relay.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		r, diags := route.Compile(file.Body.(*hclsyntax.Body).Blocks[0], route.Options{
			Channels: language.NewReferences("channel", []string{"a", "b", "c"}),
			Scope:    &hcl.EvalContext{Functions: language.Functions(t.TempDir())}, Source: source,
		})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		routes = append(routes, r)
	}
	return routes
}

// start makes an intake with connectors, which the end of the test stops.
func start(t testing.TB, o Options, connectors ...Spec) *Intake {
	t.Helper()
	i := New(o)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		i.Stop(ctx)
	})
	if err := i.Apply(t.Context(), connectors); err != nil {
		t.Fatal(err)
	}
	return i
}

// halt stops an intake at once.
func halt(t testing.TB, i *Intake) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	i.Stop(ctx)
}

func options(m *memory, p *plugins) Options {
	return Options{Store: m, Plugins: p, Log: zerolog.Nop()}
}

func newEvent(key string) event.Event {
	return event.Event{Key: key, Kind: "k", Card: card.Card{Title: "T " + key}, Data: []byte(`{"n": 1}`)}
}

// notices collects what Notify is told.
type notices struct {
	mu   sync.Mutex
	list []Notice
}

func (n *notices) add(notice Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, notice)
}

func (n *notices) take() []Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.list
	n.list = nil
	return list
}

var errDown = errors.New("it is down")
