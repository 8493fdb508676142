// Package channel makes one attempt to bring a card to one chat endpoint, and
// judges what came of it.
//
// What differs between chat systems is in the [chat.System] that a channel is made from.
// What is the same for all is here: the connections, the POST, the errors of the
// transport, and keeping secrets out of what people read.
package channel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/outbound"
)

// defaultTimeout is how long one POST may take, its answer included.
const defaultTimeout = 30 * time.Second

// smaller is the part of a format's size limit to use after a card was refused
// for its size: the limits are counted in ways that vendors do not tell.
const smaller = 0.5

// Spec is what a channel is made from.
type Spec struct {
	Name string
	// System is what the channel is a channel of, and Settings are its own. A URL is sent as
	// it is, byte for byte, and is revealed at each attempt, so that a rotated one counts at
	// once.
	System   chat.System
	Settings chat.Settings
	// People finds the person with a login at a connector's source; nil finds nobody.
	People func(connector, login string) (chat.Person, bool)
	HTTP   outbound.Settings
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
	form chat.Form
	post poster
	// renderer writes the cards.
	renderer *Renderer
	// endpoint is where the URL led the last time, so that it is parsed only when
	// it changes.
	endpoint atomic.Pointer[endpoint]
}

// New returns the channel that a specification describes. It makes no request.
func New(s Spec) (*Channel, error) {
	c := &Channel{spec: s}
	if err := s.System.Check(s.Settings); err != nil {
		return nil, err
	}
	if !s.System.Posts() {
		return c, nil
	}
	var err error
	if c.form, err = s.System.Form(s.Settings.Payload()); err != nil {
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

// Send makes one attempt. A card that is refused for its size is made smaller and
// sent once more within the same attempt. When the context ends, Send returns
// soon: with interrupted when nothing was sent, with unknown when the card may
// have arrived. The outcome holds no secret.
func (c *Channel) Send(ctx context.Context, d delivery.Delivery) delivery.Outcome {
	if !c.spec.System.Posts() {
		return delivery.Outcome{Verdict: delivery.VerdictDelivered, Bytes: len(d.Card)}
	}
	e, err := c.reveal()
	if err != nil {
		return delivery.Outcome{Verdict: refusedUnlessHindered(err), Detail: shorten(err.Error())}
	}
	o := c.options(e, d)
	whole, err := c.renderer.written(ctx, c.form, d, o)
	if err != nil {
		return unwritten(ctx, err)
	}
	r := c.try(ctx, e, d, whole)
	if !r.TooLarge {
		return r.Outcome
	}
	o.Fraction = smaller * filled(whole)
	reduced, err := c.renderer.written(ctx, c.form, d, o)
	if err != nil || len(reduced.Body) >= len(whole.Body) {
		return r.Outcome
	}
	return c.try(ctx, e, d, reduced).Outcome
}

// Write writes a card as Send would post it now, and says how large that is. It takes out
// what is secret in the channel's address, and posts nothing.
func (c *Channel) Write(ctx context.Context, d delivery.Delivery) (p chat.Payload, size int, err error) {
	if !c.spec.System.Posts() {
		return chat.Payload{ContentType: "application/json", Body: d.Card}, len(d.Card), nil
	}
	e, err := c.reveal()
	if err != nil {
		return p, 0, err
	}
	p, err = c.renderer.written(ctx, c.form, d, c.options(e, d))
	if err != nil {
		return p, 0, errors.New(e.redact(oneLine(err.Error())))
	}
	size = len(p.Body)
	p.Body = []byte(e.redact(string(p.Body)))
	return p, size, nil
}

// options are those of a single card, which may mention people and has a thread.
func (c *Channel) options(e *endpoint, d delivery.Delivery) chat.Options {
	o := chat.Options{Settings: e.settings}
	if e.settings.Threads() {
		o.Thread = d.Thread
	}
	if c.spec.People != nil {
		o.Person = func(login string) (chat.Person, bool) { return c.spec.People(d.Connector, login) }
	}
	return o
}

// filled is how full a payload is by its fullest limit of size, at most 1.
func filled(p chat.Payload) float64 {
	fullest := 0.0
	for _, u := range p.Used {
		if u.Unit.Whole() {
			fullest = max(fullest, float64(u.Used)/float64(u.Most))
		}
	}
	return min(1, max(fullest, 0.01))
}

// try posts one payload and reads the answer.
func (c *Channel) try(ctx context.Context, e *endpoint, d delivery.Delivery, p chat.Payload) answer.Reading {
	r := c.exchange(ctx, e, d, p)
	r.Bytes, r.Omitted = len(p.Body), p.Omitted
	r.Detail = shorten(e.redact(oneLine(r.Detail)))
	return r
}

func (c *Channel) exchange(ctx context.Context, e *endpoint, d delivery.Delivery, p chat.Payload) answer.Reading {
	header, id := make(http.Header, 2), deliveryID(d)
	if c.form.Header != nil {
		var err error
		if header, err = c.form.Header(chat.Request{Settings: e.settings, ID: id, Body: p.Body, At: time.Now()}); err != nil {
			return answer.Reading{Outcome: delivery.Outcome{Verdict: refusedUnlessHindered(err), Detail: err.Error()}}
		}
	}
	header.Set("Content-Type", p.ContentType)
	method, to := http.MethodPost, e.url
	if c.form.Named {
		method, to = http.MethodPut, e.under(id)
	}
	a, err := c.post.post(ctx, method, to, header, p.Body)
	if err == nil {
		return c.read(a)
	}
	failure, _ := errors.AsType[*transportError](err)
	if proxy, ok := errors.AsType[*outbound.ProxyError](err); ok {
		r := answer.Answer{Status: proxy.Status, Header: proxy.Header, Complete: true, At: time.Now()}.ByStatus()
		r.Status, r.Detail, r.TooLarge = 0, proxy.Error(), false
		return r
	}
	o := delivery.Outcome{Verdict: delivery.VerdictFailed, Detail: explain(err, failure, c.post.timeout)}
	switch {
	case failure != nil && failure.written:
		o.Verdict = delivery.VerdictUnknown
	case ctx.Err() != nil:
		return answer.Reading{Outcome: stopping()}
	case hindered(err):
		o.Verdict, o.Detail = delivery.VerdictHindered, "the relay's own machine is at fault: "+o.Detail
		c.post.relieve(err)
	}
	return answer.Reading{Outcome: o}
}

// read reads an answer, in which the channel itself may know what success is.
func (c *Channel) read(a answer.Answer) answer.Reading {
	if success := c.spec.Settings.Answer(); a.OK() && success != "" && bytes.Contains(a.Body, []byte(success)) {
		return a.Is(delivery.VerdictDelivered)
	}
	r := c.form.Read(a)
	if r.Verdict == delivery.VerdictRejected && !r.TooLarge && !c.form.Application && a.Page() {
		return a.Because(delivery.VerdictRefused, "something answers with a web page in place of the chat system")
	}
	return r
}

// deliveryID is the same at each attempt, also after a replay, and different for
// every event and channel.
func deliveryID(d delivery.Delivery) string {
	key := d.Key
	if key == "" {
		key = strconv.FormatInt(d.Event, 10)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{d.Channel, d.Connector, key}, "\x00")))
	return "card_" + hex.EncodeToString(sum[:16])
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
	text, err := c.spec.Settings.URL().Reveal()
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
