// Package connectortest checks that a connector type keeps the contract with the relay.
// Its author calls [Run] in a test; [Client] is for tests of what is specific to the
// connector.
package connectortest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// prompt is how soon a connector must stop when it is told to.
const prompt = 5 * time.Second

// Options describe a source that the connector can work with.
type Options struct {
	// Arguments are valid ones, by name.
	Arguments map[string]any
	// Start starts a local source, if the connector needs one, and returns the
	// arguments that name it; they are added to Arguments. It is called once in
	// each subtest, so that each has a source in the same state.
	Start func(t *testing.T) map[string]any
	// Invalid are arguments that must be refused, each with the name of the one at fault.
	// Missing and unknown arguments are tried in any case.
	Invalid []Invalid
	// Genuine are requests that a receiving connector must take.
	Genuine []connector.Request
	// Subscribes says that Poll does not return until it is cancelled; then the
	// subtests that poll wait this long for events.
	Subscribes time.Duration
}

// Invalid is one argument with a value that the connector must refuse.
type Invalid struct {
	Argument string
	Value    any
}

// Run checks a connector type. It must not run in parallel with other tests: one
// of the checks watches the process's default HTTP transport and resolver.
func Run(t *testing.T, factory func() connector.Connector, o Options) {
	s := suite{factory: factory, o: o}
	t.Run("describes itself", s.describe)
	t.Run("validates without the network", s.validate)
	typ := New(t, factory, nil).Type()
	if typ.Polls {
		t.Run("polls and comes to rest", s.poll)
		t.Run("begins anew with the same keys", s.stableKeys)
		t.Run("loses nothing wherever it is broken off", s.brokenOff)
		t.Run("stops when it is cancelled", s.cancel)
	}
	if typ.Receives {
		t.Run("takes genuine requests", s.genuine)
		t.Run("survives garbage", s.garbage)
	}
}

type suite struct {
	factory func() connector.Connector
	o       Options
}

// start returns a client for a connector with a fresh source.
func (s suite) start(t *testing.T) *Client {
	t.Helper()
	arguments := make(map[string]any)
	maps.Copy(arguments, s.o.Arguments)
	if s.o.Start != nil {
		maps.Copy(arguments, s.o.Start(t))
	}
	return New(t, s.factory, arguments)
}

func (s suite) describe(t *testing.T) {
	typ := New(t, s.factory, nil).Type()
	for what, text := range map[string]string{"title": typ.Title, "summary": typ.Summary} {
		if text == "" {
			t.Errorf("it has no %s", what)
		}
	}
	for _, name := range undocumented(typ.Arguments, "") {
		t.Errorf("argument %s has no doc", name)
	}
	if len(typ.Kinds) == 0 {
		t.Error("it names no event kind")
	}
	for _, k := range typ.Kinds {
		if k.Doc == "" {
			t.Errorf("event kind %s has no doc", k.Name)
		}
		if err := k.Sample.Card.Validate(); err != nil {
			t.Errorf("the sample of event kind %s: its card: %v", k.Name, err)
		}
	}
}

// undocumented names the arguments that have no doc, and the attributes of those that
// are objects.
func undocumented(arguments []connector.Argument, within string) []string {
	var names []string
	for _, a := range arguments {
		if a.Doc == "" {
			names = append(names, within+a.Name)
		}
		t := a.Type
		for t.Element != nil {
			t = *t.Element
		}
		names = append(names, undocumented(t.Attributes, within+a.Name+".")...)
	}
	return names
}

func (s suite) validate(t *testing.T) {
	c := s.start(t)
	used := watchNetwork(t)
	check := func(arguments map[string]any) []connector.Problem {
		c.Arguments = arguments
		problems, err := c.Validate(t.Context())
		if err != nil {
			t.Errorf("validate: %v", err)
		}
		return problems
	}
	valid := c.Arguments
	if problems := check(valid); len(problems) > 0 {
		t.Errorf("valid arguments are refused: %v", problems)
	}
	refused := func(what, name string, arguments map[string]any) {
		// The problem may concern a part, such as name[0].part.
		at := regexp.MustCompile(`^` + regexp.QuoteMeta(name) + `($|[.[])`)
		if !slices.ContainsFunc(check(arguments), func(p connector.Problem) bool { return at.MatchString(p.Argument) }) {
			t.Errorf("%s: argument %s is not refused", what, name)
		}
	}
	refused("an unknown argument", "no_such_argument", with(valid, "no_such_argument", 1))
	for _, a := range c.Type().Arguments {
		if a.Required {
			refused("a missing argument", a.Name, with(valid, a.Name, nil))
		}
		if len(a.Allowed) > 0 {
			refused("a value that is not allowed", a.Name, with(valid, a.Name, "no-such-value"))
		}
	}
	for _, i := range s.o.Invalid {
		refused("an invalid value", i.Argument, with(valid, i.Argument, i.Value))
	}
	if used.Load() {
		t.Error("Validate used the network")
	}
}

// with returns arguments with one of them replaced.
func with(arguments map[string]any, name string, value any) map[string]any {
	out := map[string]any{name: value}
	for n, v := range arguments {
		if n != name {
			out[n] = v
		}
	}
	return out
}

// watchNetwork notes the use of the default HTTP transport and resolver until the
// test ends.
func watchNetwork(t *testing.T) *atomic.Bool {
	t.Helper()
	used := &atomic.Bool{}
	transport, resolver := http.DefaultTransport, net.DefaultResolver
	t.Cleanup(func() { http.DefaultTransport, net.DefaultResolver = transport, resolver })
	errUsed := errors.New("no network in Validate")
	http.DefaultTransport = roundTrip(func(*http.Request) (*http.Response, error) {
		used.Store(true)
		return nil, errUsed
	})
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		used.Store(true)
		return nil, errUsed
	}}
	return used
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// pollOnce polls until the connector is done, or for as long as a subscription is
// given.
func (s suite) pollOnce(t *testing.T, c *Client, at event.Checkpoint) Polled {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	if s.o.Subscribes > 0 {
		ctx, cancel = context.WithTimeout(t.Context(), s.o.Subscribes)
	}
	defer cancel()
	polled, err := c.Poll(ctx, at)
	if err != nil && (s.o.Subscribes == 0 || ctx.Err() == nil) {
		t.Fatalf("poll: %v", err)
	}
	return polled
}

// checkEvents checks what holds for all events of a connector.
func checkEvents(t *testing.T, typ connector.Type, events []event.Event) {
	t.Helper()
	for _, e := range events {
		if !slices.ContainsFunc(typ.Kinds, func(k connector.Kind) bool { return k.Name == e.Kind }) {
			t.Errorf("event %q is of kind %q, which is not described", e.Key, e.Kind)
		}
	}
}

func (s suite) poll(t *testing.T) {
	c := s.start(t)
	first := s.pollOnce(t, c, nil)
	checkEvents(t, c.Type(), first.Events())
	seen := make(map[string]bool)
	for _, e := range first.Events() {
		switch {
		case e.Key == "":
			t.Errorf("an event of kind %q has no key, so it would be posted again and again", e.Kind)
		case seen[e.Key]:
			t.Errorf("the key %q came twice in one poll", e.Key)
		}
		seen[e.Key] = true
	}
	second := s.pollOnce(t, c, first.Checkpoint)
	for _, e := range second.Events() {
		if !seen[e.Key] {
			t.Errorf("polling again without a change emitted a new event %q", e.Key)
		}
	}
}

func (s suite) stableKeys(t *testing.T) {
	c := s.start(t)
	first := s.pollOnce(t, c, nil)
	c.Name = "another" // with a connector value of its own
	second := s.pollOnce(t, c, nil)
	if a, b := keys(first), keys(second); !slices.Equal(a, b) {
		t.Errorf("polled from the beginning twice, the keys are\n%q and\n%q", a, b)
	}
}

func keys(p Polled) []string {
	var list []string
	for _, e := range p.Events() {
		list = append(list, e.Key)
	}
	slices.Sort(list)
	return list
}

// mostBreaks is the largest number of batches after which a poll is interrupted.
const mostBreaks = 10

// brokenOff makes the relay store none of a poll's batches, then only the first, and so
// on. The next poll must emit whatever was not stored.
func (s suite) brokenOff(t *testing.T) {
	c := s.start(t)
	whole := keys(s.pollOnce(t, c, nil))
	gone := errors.New("the relay is gone")
	for stored := range mostBreaks {
		c.Name = fmt.Sprintf("broken off after %d batches", stored) // with a connector value of its own
		ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(s.o.Subscribes, time.Minute))
		batches := 0
		broken, err := c.PollWith(ctx, nil, func(event.Batch) error {
			if batches++; batches > stored {
				return gone
			}
			return nil
		})
		cancel()
		if batches <= stored {
			return // there are no more batches
		}
		if !errors.Is(err, gone) {
			t.Fatalf("poll: %v", err)
		}
		there := slices.Concat(keys(broken), keys(s.pollOnce(t, c, broken.Checkpoint)))
		for _, key := range whole {
			if !slices.Contains(there, key) {
				t.Errorf("event %q was lost: the poll was %s, and the next one did not emit it", key, c.Name)
			}
		}
	}
}

func (s suite) cancel(t *testing.T) {
	c := s.start(t)
	ends := func(when string) {
		t.Helper()
		deadline := time.Now().Add(prompt)
		for c.polling.Load() > 0 {
			if time.Now().After(deadline) {
				t.Fatalf("cancelled %s, Poll goes on for more than %s", when, prompt)
			}
			time.Sleep(time.Millisecond)
		}
	}
	for _, after := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		_, _ = c.Poll(ctx, nil)
		cancel()
		ends("after " + after.String())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _ = c.PollWith(ctx, nil, func(event.Batch) error {
		cancel()
		ends("while it waits for a batch to be stored")
		return ctx.Err()
	})
	ends("while it waits for a batch to be stored")
}

func (s suite) genuine(t *testing.T) {
	c := s.start(t)
	for _, r := range s.o.Genuine {
		reply, err := c.Receive(t.Context(), r)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.Path, err)
			continue
		}
		if reply.Status >= 400 {
			t.Errorf("%s %s is answered with %d %s", r.Method, r.Path, reply.Status, reply.Body)
		}
		checkEvents(t, c.Type(), reply.Events)
	}
}

func (s suite) garbage(t *testing.T) {
	c := s.start(t)
	for name, r := range garbage() {
		reply, err := c.Receive(t.Context(), r)
		if err != nil {
			if strings.Contains(err.Error(), "panicked") {
				t.Errorf("%s: Receive panics", name)
			}
			if _, ok := errors.AsType[*connector.Error](err); !ok {
				t.Errorf("%s: the relay would refuse the result: %v", name, err)
			}
			continue
		}
		checkEvents(t, c.Type(), reply.Events)
	}
}
