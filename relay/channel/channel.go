// Package channel makes one attempt to bring a card to one chat endpoint, and
// judges what came of it.
//
// What differs between chat systems is a table ([Types]): the payload's format,
// and how an answer is read. Reading an answer is a pure function of status,
// headers and body, because in this field a status alone is not an outcome. What
// is the same for all, the POST and the errors of the transport, is in post.go.
package channel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/format"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/secret"
)

// defaultTimeout is how long one POST may take, its answer included.
const defaultTimeout = 30 * time.Second

// smaller is the part of a format's size limit to use after a card was refused
// for its size: the limits are counted in ways that vendors do not tell.
const smaller = 0.5

// Spec is what a channel is made from.
type Spec struct {
	Name string
	// Type is one of [Types], and Payload one of the type's; empty means the
	// type's first.
	Type    string
	Payload string
	// URL is sent as it is, byte for byte. It is revealed at each attempt, so that
	// a rotated one counts at once.
	URL secret.Value
	// Secret signs the requests of a type that takes one; zero means unsigned.
	Secret secret.Value
	// To and Topic are where in the chat system cards go, and User and Token as whom,
	// for the types that are told.
	To, Topic, User string
	Token           secret.Value
	// Answer is a part of what the endpoint says when it has taken a card, for the
	// types whose answers somebody else writes; empty means what the type knows.
	Answer string
	// CardVersion is the newest version of Adaptive Cards to use; empty means the
	// newest that Workflows take.
	CardVersion string
	// Threads keeps cards of the same thread together, where the type can.
	Threads bool
	// People finds the person with a login at a connector's source; nil finds nobody.
	People func(connector, login string) (format.Person, bool)
	// Concurrency is how many attempts may run at once; 0 means 1.
	Concurrency int
	HTTP        outbound.Settings
	// Connections are shared by channels; nil means that this channel has its own.
	Connections *outbound.Pool
	// Renderer is shared by channels; nil means that this channel has its own.
	Renderer *Renderer
	// Timeout is how long one POST may take; 0 means 30 seconds.
	Timeout time.Duration
	// Version is the relay's, for the User-Agent.
	Version string
}

// Channel is one chat endpoint. Its methods may be called concurrently.
type Channel struct {
	spec Spec
	typ  Type
	form form
	post poster
	// renderer writes the cards.
	renderer *Renderer
	// endpoint is where the URL led the last time, so that it is parsed only when
	// it changes.
	endpoint atomic.Pointer[endpoint]
}

// New returns the channel that a specification describes. It makes no request.
func New(s Spec) (*Channel, error) {
	typ, ok := findType(s.Type)
	if !ok {
		return nil, fmt.Errorf("channel type %q is unknown; there are %s", s.Type, strings.Join(typeNames(), ", "))
	}
	c := &Channel{spec: s, typ: typ}
	if !typ.NeedsURL {
		return c, nil
	}
	if s.URL.IsZero() {
		return nil, fmt.Errorf("a channel of type %s needs a URL", typ.Name)
	}
	if !s.Secret.IsZero() && !typ.TakesSecret {
		return nil, fmt.Errorf("a channel of type %s does not sign its requests; it takes no secret", typ.Name)
	}
	if s.Answer != "" && !typ.TakesAnswer {
		return nil, fmt.Errorf("what a channel of type %s answers is known; it takes no answer", typ.Name)
	}
	if s.Threads && !typ.Threads {
		return nil, fmt.Errorf("a channel of type %s has no threads", typ.Name)
	}
	var err error
	if c.form, err = typ.form(s.Payload); err != nil {
		return nil, err
	}
	if err := c.form.check(s); err != nil {
		return nil, err
	}
	if s.Connections == nil {
		s.Connections = &outbound.Pool{}
	}
	transport, err := s.Connections.Trusted(s.HTTP)
	if err != nil {
		return nil, err
	}
	timeout := s.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	if c.renderer = s.Renderer; c.renderer == nil {
		c.renderer = NewRenderer(nil)
	}
	c.post = poster{transport: transport, timeout: timeout, userAgent: "relay/" + s.Version}
	return c, nil
}

// Type returns the channel's type.
func (c *Channel) Type() Type { return c.typ }

// Send makes one attempt. A card that is refused for its size is made smaller and
// sent once more within the same attempt. When the context ends, Send returns
// soon: with interrupted when nothing was sent, with unknown when the card may
// have arrived. The outcome holds no secret.
func (c *Channel) Send(ctx context.Context, d delivery.Delivery) delivery.Outcome {
	if !c.typ.NeedsURL {
		return delivery.Outcome{Verdict: delivery.VerdictDelivered, Bytes: len(d.Card)}
	}
	e, err := c.reveal()
	if err != nil {
		return delivery.Outcome{Verdict: refusedUnlessHindered(err), Detail: shorten(err.Error())}
	}
	o := c.options(d)
	whole, err := c.renderer.written(ctx, e.format, d, o)
	if err != nil {
		return unwritten(ctx, err)
	}
	r := c.try(ctx, e, d, whole)
	if !r.tooLarge {
		return r.Outcome
	}
	o.Fraction = smaller * filled(whole)
	reduced, err := c.renderer.written(ctx, e.format, d, o)
	if err != nil || len(reduced.Body) >= len(whole.Body) {
		return r.Outcome
	}
	return c.try(ctx, e, d, reduced).Outcome
}

// options are those of a single card, which may mention people and has a thread.
func (c *Channel) options(d delivery.Delivery) format.Options {
	var o format.Options
	if c.spec.Threads {
		o.Thread = d.Thread
	}
	if c.spec.People != nil {
		o.Person = func(login string) (format.Person, bool) { return c.spec.People(d.Connector, login) }
	}
	return o
}

// filled is how full a payload is by its fullest limit of size, at most 1.
func filled(p format.Payload) float64 {
	fullest := 0.0
	for _, u := range p.Used {
		if u.Unit.Size() {
			fullest = max(fullest, float64(u.Used)/float64(u.Most))
		}
	}
	return min(1, max(fullest, 0.01))
}

// try posts one payload and reads the answer.
func (c *Channel) try(ctx context.Context, e *endpoint, d delivery.Delivery, p format.Payload) reading {
	r := c.exchange(ctx, e, d, p)
	r.Bytes, r.Omitted = len(p.Body), p.Omitted
	r.Detail = shorten(e.redact(oneLine(r.Detail)))
	return r
}

func (c *Channel) exchange(ctx context.Context, e *endpoint, d delivery.Delivery, p format.Payload) reading {
	header := make(http.Header, 2)
	if c.form.header != nil {
		var err error
		if header, err = c.form.header(c.spec, d, p.Body, time.Now()); err != nil {
			return reading{Outcome: delivery.Outcome{Verdict: refusedUnlessHindered(err), Detail: err.Error()}}
		}
	}
	header.Set("Content-Type", p.ContentType)
	method, to := http.MethodPost, e.url
	if c.form.named {
		method, to = http.MethodPut, e.under(deliveryID(d))
	}
	a, err := c.post.post(ctx, method, to, header, p.Body)
	if err == nil {
		return c.form.judge(a, c.spec.Answer)
	}
	failure, _ := errors.AsType[*transportError](err)
	if proxy, ok := errors.AsType[*outbound.ProxyError](err); ok {
		r := byStatus(answer{status: proxy.Status, header: proxy.Header, complete: true, at: time.Now()})
		r.Status, r.Detail, r.tooLarge = 0, proxy.Error(), false
		return r
	}
	o := delivery.Outcome{Verdict: delivery.VerdictFailed, Detail: explain(err, failure, c.post.timeout)}
	switch {
	case failure != nil && failure.written:
		o.Verdict = delivery.VerdictUnknown
	case ctx.Err() != nil:
		return reading{Outcome: stopping()}
	case hindered(err):
		o.Verdict, o.Detail = delivery.VerdictHindered, "the relay's own machine is at fault: "+o.Detail
		c.post.relieve(err)
	}
	return reading{Outcome: o}
}

// stopping is the outcome of an attempt that ended before anything was sent.
func stopping() delivery.Outcome {
	return delivery.Outcome{Verdict: delivery.VerdictInterrupted, Detail: "the relay is stopping; nothing was sent"}
}

// unwritten is the outcome for a card that cannot be written, at least not now.
func unwritten(ctx context.Context, err error) delivery.Outcome {
	if ctx.Err() != nil {
		return stopping()
	}
	return delivery.Outcome{Verdict: delivery.VerdictRejected, Detail: shorten(oneLine(err.Error()))}
}

// reveal returns the endpoint that the URL names now.
func (c *Channel) reveal() (*endpoint, error) {
	text, err := c.spec.URL.Reveal()
	if err != nil {
		return nil, fmt.Errorf("the channel's url: %w", err)
	}
	if e := c.endpoint.Load(); e != nil && e.text == text {
		return e, nil
	}
	e, err := newEndpoint(text, c.spec, c.form)
	if err != nil {
		return nil, err
	}
	c.endpoint.Store(e)
	return e, nil
}

// Render writes a card as a channel of this type and payload would send it, for a
// look at it. An empty payload means the type's first.
func Render(ctx context.Context, typ, payload string, c card.Card) (format.Payload, error) {
	t, ok := findType(typ)
	if !ok {
		return format.Payload{}, fmt.Errorf("channel type %q is unknown; there are %s", typ, strings.Join(typeNames(), ", "))
	}
	f, err := t.form(payload)
	if err != nil {
		return format.Payload{}, err
	}
	return f.format(format.Settings{To: "example", Topic: "example"}).Render(ctx, c, format.Options{})
}

func typeNames() []string {
	var names []string
	for _, t := range Types() {
		names = append(names, t.Name)
	}
	return names
}

func findType(name string) (Type, bool) {
	types := Types()
	i := slices.IndexFunc(types, func(t Type) bool { return t.Name == name })
	if i < 0 {
		return Type{}, false
	}
	return types[i], true
}
