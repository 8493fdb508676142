package chat

import (
	"cmp"
	"context"
	"fmt"
	"maps"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/shrink"
	"github.com/connector-relay/relay/relay/chat/size"
)

// Payload is what to send.
type Payload struct {
	ContentType string
	Body        []byte
	// Omitted says what was left out to stay within the limits, one entry each;
	// the card says the same.
	Omitted []string
	// Used is how much the payload uses of each limit.
	Used []size.Usage
}

// Options apply to one rendering.
type Options struct {
	// Settings are the channel's.
	Settings Settings
	// Fraction is the part of the size limits to use; 0 means 1. It is less when the
	// chat system has nevertheless refused the card for its size.
	Fraction float64
	// Person finds a person by the login at the card's source; nil finds nobody.
	Person func(login string) (Person, bool)
	// Thread names what the card belongs to, for systems with threads; empty means nothing.
	Thread string
	// Parser reads the card's texts. The zero value makes a new one each time.
	Parser markup.Parser
}

// jsonType includes the charset because Teams has garbled everything but ASCII without it.
const jsonType = "application/json; charset=utf-8"

// Render writes a card within the form's limits. Its cost is bounded for any card, and it
// ends with the context.
func (f Form) Render(ctx context.Context, c card.Card, o Options) (Payload, error) {
	limits := f.Limits
	if o.Fraction > 0 {
		limits = limits.Scaled(o.Fraction)
	}
	if f.Prepare != nil {
		c = f.Prepare(c)
	}
	if f.Own != nil {
		if body, ok := f.Own(c); ok && len(body) <= limits.Most(size.Bytes) {
			return f.payload(draft.Written{Body: body, Used: size.Used{size.Bytes: len(body)}}, limits, nil), nil
		}
	}
	c, lost := shrink.Excerpt(c, shrink.Room(f.Limits))
	d := draft.New(c, o.Parser, o.known())
	written, lost, err := shrink.Fit(d, lost, shrink.Rules{Limits: limits, InlinePictures: f.InlinePictures}, func(d draft.Draft) (draft.Written, error) {
		return f.write(ctx, d, o)
	})
	if err != nil {
		return Payload{}, err
	}
	return f.payload(written, limits, lost.Words()), nil
}

// write writes a draft and counts its bytes.
func (f Form) write(ctx context.Context, d draft.Draft, o Options) (draft.Written, error) {
	if err := ctx.Err(); err != nil {
		return draft.Written{}, fmt.Errorf("writing it took too long: %w", err)
	}
	written, err := f.Write(d, &Writing{Options: o})
	if err != nil {
		return draft.Written{}, err
	}
	used := size.Used{size.Bytes: len(written.Body)}
	maps.Copy(used, written.Used)
	return draft.Written{Body: written.Body, Used: used}, nil
}

func (f Form) payload(w draft.Written, limits size.Limits, omitted []string) Payload {
	return Payload{ContentType: cmp.Or(f.ContentType, jsonType), Body: w.Body, Omitted: omitted, Used: w.Used.Of(limits)}
}

// known returns who can be mentioned; it is nil when nobody can.
func (o Options) known() func(string) (string, bool) {
	if o.Person == nil {
		return nil
	}
	return func(login string) (string, bool) {
		p, ok := o.Person(login)
		return p.Name, ok
	}
}
