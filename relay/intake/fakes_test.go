package intake

import (
	"bytes"
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
)

// memory is a store that forgets everything at the end of its test.
type memory struct {
	mu         sync.Mutex
	connectors map[string]*store.Kept
	accepted   []store.Batch
	seen       map[string]known
	last       int64
	saved      int
	// refused are the lists of refusals, one for each commit.
	refused [][]store.Refusal
	// uses counts how often it was kept that hooks are used.
	uses int
	// fail, when not nil, is why nothing can be stored.
	fail error
	// hold, when not nil, is received from before each commit.
	hold chan struct{}
}

// known is what the store remembers with a key.
type known struct {
	event       int64
	fingerprint []byte
}

func newMemory() *memory {
	return &memory{connectors: make(map[string]*store.Kept), seen: make(map[string]known)}
}

func (m *memory) Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error) {
	if m.hold != nil {
		select {
		case <-m.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	receipts := make([]store.Receipt, len(b.Events))
	for i, e := range b.Events {
		key := b.Connector + " " + e.Key
		if known := m.seen[key]; e.Key != "" && known.event != 0 {
			if len(e.Fingerprint) > 0 && !bytes.Equal(known.fingerprint, e.Fingerprint) {
				return nil, &store.ConflictError{Key: e.Key, Event: known.event}
			}
			receipts[i] = store.Receipt{Event: known.event, Seen: true}
			continue
		}
		m.last++
		m.seen[key] = known{event: m.last, fingerprint: e.Fingerprint}
		receipts[i].Event = m.last
	}
	if b.Checkpoint != nil {
		m.connectors[b.Connector].Checkpoint = b.Checkpoint
	}
	m.accepted = append(m.accepted, b)
	return receipts, nil
}

func (m *memory) Refuse(_ context.Context, list []store.Refusal) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused = append(m.refused, list)
	return nil
}

func (m *memory) OpenConnector(_ context.Context, name, typ string) (store.Kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return store.Kept{}, m.fail
	}
	if m.connectors[name] == nil {
		m.connectors[name] = &store.Kept{Name: name, Type: typ, HookToken: "token-of-" + name}
	}
	return *m.connectors[name], nil
}

func (m *memory) SavePoll(_ context.Context, name string, p store.Poll) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.saved++
	m.connectors[name].Poll = p
	return nil
}

func (m *memory) Connectors(context.Context) ([]store.Kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []store.Kept
	for _, c := range m.connectors {
		list = append(list, *c)
	}
	return list, m.fail
}

func (m *memory) ForgetConnector(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.connectors[name] == nil {
		return store.ErrNotFound
	}
	delete(m.connectors, name)
	return nil
}

func (m *memory) RotateHook(_ context.Context, name string, until time.Time) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.connectors[name]
	c.Former = store.FormerHook{Token: c.HookToken, Until: until, Used: c.HookUsed}
	c.HookToken, c.HookUsed = "new-"+c.HookToken, time.Time{}
	return c.HookToken, m.fail
}

func (m *memory) SaveHookUse(_ context.Context, used map[string]time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.uses++
	for _, c := range m.connectors {
		if at, ok := used[c.HookToken]; ok {
			c.HookUsed = at
		}
		if at, ok := used[c.Former.Token]; ok {
			c.Former.Used = at
		}
	}
	return m.fail
}

func (m *memory) set(change func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
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

func (m *memory) poll(name string) store.Poll {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.connectors[name].Poll
}

func (m *memory) saves() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saved
}

func (m *memory) checkpoint(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.connectors[name].Checkpoint)
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
			Channels:  language.NewReferences("channel", []string{"a", "b", "c"}),
			Functions: language.Functions(t.TempDir()), Source: source,
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
