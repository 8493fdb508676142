// Package channel posts one card to one channel and says what came of it: one
// POST, one verdict.
package channel

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/format"
	"github.com/connector-relay/relay/relay/secret"
)

// Spec is what a channel is made of.
type Spec struct {
	Name string
	Type string
	// URL is where to post. It is revealed at each attempt, so that a secret in a
	// file can be rotated.
	URL secret.Value
	// Payload chooses between the contracts of a type that has several.
	Payload string
	// Secret signs requests, for types that do.
	Secret      secret.Value
	HTTP        HTTP
	Concurrency int
	// Timeout bounds one attempt; 0 means 30 s.
	Timeout time.Duration
	// Version is the relay's, for the User-Agent.
	Version string
}

// HTTP is how a channel's requests leave.
type HTTP struct {
	Proxy  secret.Value
	CAFile string
}

// defaultTimeout is what a slow flow needs; the chat systems themselves give up
// after about as long.
const defaultTimeout = 30 * time.Second

// maxAnswer bounds how much of an answer is read. The documented ones are far
// shorter.
const maxAnswer = 64 << 10

// smaller is the part of the size limit that a card gets that was refused for its
// size: some systems count after expanding it.
const smaller = 0.5

// Channel is one configured chat endpoint. Send may be called concurrently.
type Channel struct {
	spec   Spec
	typ    Type
	format format.Format
	client *http.Client
}

// New returns a channel, or an error for a type, payload or certificate file that
// does not work.
func New(s Spec) (*Channel, error) {
	typ, err := lookup(s.Type)
	if err != nil {
		return nil, err
	}
	c := &Channel{spec: s, typ: typ}
	if c.spec.Timeout <= 0 {
		c.spec.Timeout = defaultTimeout
	}
	if !typ.NeedsURL {
		return c, nil
	}
	if c.format, err = typ.formatFor(s.Payload); err != nil {
		return nil, err
	}
	if c.client, err = newClient(s.HTTP, max(s.Concurrency, 1)); err != nil {
		return nil, err
	}
	return c, nil
}

// Type returns what the channel's type says of itself.
func (c *Channel) Type() Type { return c.typ }

// Render renders a card as a channel of this type and payload would send it.
func Render(typ, payload string, cd card.Card) (format.Payload, error) {
	t, err := lookup(typ)
	if err != nil {
		return format.Payload{}, err
	}
	f, err := t.formatFor(payload)
	if err != nil {
		return format.Payload{}, err
	}
	return f.Render(cd, 1)
}

// Send makes one attempt. A card that was refused for its size is rendered
// smaller and posted once more within the same attempt.
func (c *Channel) Send(ctx context.Context, d delivery.Delivery) delivery.Outcome {
	if !c.typ.NeedsURL {
		return delivery.Outcome{Verdict: delivery.VerdictDelivered, Bytes: len(d.Card)}
	}
	cd, err := card.Parse(d.Card)
	if err != nil {
		return delivery.Outcome{Verdict: delivery.VerdictRejected, Detail: "the stored card cannot be read: " + err.Error()}
	}
	o := c.attempt(ctx, d, cd, 1)
	if o.Verdict == delivery.VerdictRejected && tooLarge(o.Outcome) {
		o = c.attempt(ctx, d, cd, smaller)
	}
	return o.Outcome
}

// attempted is an outcome, and the status that an answer carried in its body.
type attempted struct {
	delivery.Outcome
}

func (c *Channel) attempt(ctx context.Context, d delivery.Delivery, cd card.Card, fraction float64) attempted {
	p, err := c.format.Render(cd, fraction)
	if err != nil {
		return attempted{delivery.Outcome{Verdict: delivery.VerdictRejected, Detail: "the card cannot be written for this chat system: " + err.Error()}}
	}
	o := c.post(ctx, d, p)
	o.Bytes, o.Omitted = len(p.Body), p.Omitted
	return attempted{o}
}

func tooLarge(o delivery.Outcome) bool {
	detail := strings.ToLower(o.Detail)
	return o.Status == http.StatusRequestEntityTooLarge || strings.Contains(detail, "too large") ||
		strings.Contains(detail, "http error 413") || strings.Contains(detail, "messagesizetoobig") || strings.Contains(detail, "messagesizeexceeded")
}

// post makes the request and has its answer classified.
func (c *Channel) post(ctx context.Context, d delivery.Delivery, p format.Payload) delivery.Outcome {
	stopped := ctx
	ctx, cancel := context.WithTimeout(ctx, c.spec.Timeout)
	defer cancel()
	var wrote written
	req, err := c.request(wrote.trace(ctx), d, p)
	if err != nil {
		return delivery.Outcome{Verdict: delivery.VerdictRefused, Detail: err.Error()}
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return transportOutcome(stopped, err, wrote.all(), c.spec.Timeout)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return transportOutcome(stopped, err, true, c.spec.Timeout)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	o := c.typ.classify(resp.StatusCode, resp.Header, body)
	o.Status = resp.StatusCode
	o.Detail = c.hide(o.Detail)
	return o
}

// request builds the request with the URL as it was configured, byte for byte:
// writing a signed query anew would break its signature.
func (c *Channel) request(ctx context.Context, d delivery.Delivery, p format.Payload) (*http.Request, error) {
	text, err := c.spec.URL.Reveal()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		// url.Parse's error would repeat the URL, which is a secret.
		return nil, fmt.Errorf("the url of channel %s is not an http or https address", c.spec.Name)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(p.Body))
	if err != nil {
		return nil, fmt.Errorf("the url of channel %s cannot be used", c.spec.Name)
	}
	req.URL = u
	req.Header.Set("Content-Type", p.ContentType)
	req.Header.Set("User-Agent", "relay/"+c.spec.Version+" (+https://github.com/connector-relay/relay)")
	return req, c.sign(req, d, p.Body)
}

// hide takes the channel's own secrets out of what the far side said: some answer
// with the address they were asked at.
func (c *Channel) hide(detail string) string {
	var m secret.Masker
	m.Add(c.spec.URL, c.spec.Secret)
	if text, err := c.spec.URL.Reveal(); err == nil {
		if u, err := url.Parse(text); err == nil {
			m.Add(secret.New(u.RequestURI()), secret.New(u.EscapedPath()), secret.New(u.RawQuery))
		}
	}
	return m.Mask(detail)
}
