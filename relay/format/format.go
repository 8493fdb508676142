// Package format turns a card into what each chat system takes, within its
// limits. It is pure: no I/O, and its values may be shared.
//
// A chat system is a file of its own: its limits as data with their source, and an
// encoder that writes a draft and says how much it used. Making a card small enough
// is the same for all: see shrink.go. How texts are written is package markup's.
package format

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// Payload is what to send.
type Payload struct {
	ContentType string
	Body        []byte
	// Omitted says what was left out to stay within the limits, one entry each;
	// the card says the same.
	Omitted []string
	// Used is how much of each limit the payload uses.
	Used []Usage
}

// Usage is how much of a limit is used.
type Usage struct {
	Limit
	Used int
}

// Person is somebody in a chat system.
type Person struct {
	// ID is what the chat system knows the person by.
	ID string
	// Name is how to call the person; never empty.
	Name string
}

// Options belong to one rendering.
type Options struct {
	// Fraction is the part of the size limits to use; 0 means 1. It is less when the
	// chat system has refused the card for its size all the same.
	Fraction float64
	// Person finds a person by the login at the card's source; nil finds nobody.
	Person func(login string) (Person, bool)
	// Thread names what the card belongs to, for systems that thread; empty: nothing.
	Thread string
}

// Settings belong to a channel.
type Settings struct {
	// Version is the newest version of Adaptive Cards that the channel takes, such
	// as "1.4"; empty means that.
	Version string
	// To and Topic are where in the chat system a card goes, for types whose payload
	// says it.
	To, Topic string
}

// Format is one way to write a card.
type Format struct {
	Name        string
	ContentType string
	Limits      Limits
	// inlinePictures says that a picture may be a data: URL.
	inlinePictures bool
	// unsigned says that the format has no place for a sender but the first section.
	unsigned bool
	// encode writes a draft that is small enough, or measures one that is not.
	encode func(draft, *writing) (encoded, error)
	// own returns the payload of a card that came in the system's own form; nil, or
	// false, means that it has to be written.
	own    func(card.Card) ([]byte, bool)
	parser markup.Parser
}

// encoded is a payload with how much it uses of each limit but the bytes, which
// are counted for all.
type encoded struct {
	body []byte
	used map[Unit]int
}

// writing is one act of writing: who can be mentioned, and who was.
type writing struct {
	Options
	limits    Limits
	mentioned []Person
}

// contentType carries the charset because without it Teams has garbled what is
// not ASCII.
const contentType = "application/json; charset=utf-8"

// Render writes a card within the format's limits. What it costs is bounded whatever
// the card is, and it ends with the context.
func (f Format) Render(ctx context.Context, c card.Card, o Options) (Payload, error) {
	if o.Fraction <= 0 || o.Fraction > 1 {
		o.Fraction = 1
	}
	limits := f.Limits.scaled(o.Fraction)
	if f.unsigned {
		c = signedInside(c)
	}
	if f.own != nil {
		if body, ok := f.own(c); ok && len(body) <= limits.most(Bytes) {
			return f.payload(encoded{body: body, used: map[Unit]int{Bytes: len(body)}}, limits, nil), nil
		}
	}
	s := shrinking{ctx: ctx, format: f, limits: limits, options: o}
	c, lost := excerpt(c, f.Limits.room())
	result, omitted, err := s.shrink(newDraft(c, f.parser, o.known()), lost)
	if err != nil {
		return Payload{}, err
	}
	return f.payload(result, limits, omitted), nil
}

func (f Format) payload(e encoded, limits Limits, omitted []string) Payload {
	p := Payload{ContentType: f.ContentType, Body: e.body, Omitted: omitted}
	for _, l := range limits {
		if used, counted := e.used[l.Unit]; counted {
			p.Used = append(p.Used, Usage{Limit: l, Used: used})
		}
	}
	return p
}

// write encodes a draft and counts its bytes.
func (s shrinking) write(d draft) (encoded, error) {
	if err := s.ctx.Err(); err != nil {
		return encoded{}, fmt.Errorf("writing it took too long: %w", err)
	}
	e, err := s.format.encode(d, &writing{Options: s.options, limits: s.limits})
	if err != nil {
		return encoded{}, err
	}
	e.used = maps.Clone(e.used)
	if e.used == nil {
		e.used = make(map[Unit]int)
	}
	e.used[Bytes] = len(e.body)
	return e, nil
}

// known names those who can be mentioned; nil when nobody can.
func (o Options) known() func(string) (string, bool) {
	if o.Person == nil {
		return nil
	}
	return func(login string) (string, bool) {
		p, ok := o.Person(login)
		return p.Name, ok
	}
}

// mention returns how a dialect writes the people whom the chat system knows.
func (w *writing) mention(write func(Person) string) func(login string) (string, bool) {
	return func(login string) (string, bool) {
		p, ok := w.person(login)
		if !ok {
			return "", false
		}
		if !slices.Contains(w.mentioned, p) {
			w.mentioned = append(w.mentioned, p)
		}
		return write(p), true
	}
}

func (w *writing) person(login string) (Person, bool) {
	if w.Person == nil {
		return Person{}, false
	}
	p, ok := w.Person(login)
	return p, ok && p.ID != ""
}

// encode writes JSON in which '<', '>' and '&' stay as they are: six bytes for each
// would come off the size that chat systems allow.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// joiner is invisible and keeps apart what stands beside it.
const joiner = "\u200b"

// defuse puts something invisible into words such as "@all", after their first letter,
// so that in a stranger's text they call nobody. A text may be written in pieces: one
// that ends as a word begins gets it at its end.
func defuse(words ...string) func(string) string {
	return func(s string) string {
		for _, w := range words {
			for strings.Contains(s, w) { // again, where it overlaps itself
				s = strings.ReplaceAll(s, w, w[:1]+joiner+w[1:])
			}
		}
		// Marks come to stand before the space at its end.
		text := strings.TrimRight(s, " \t")
		for _, w := range words {
			for n := 1; n < len(w); n++ {
				if strings.HasSuffix(text, w[:n]) {
					return text + joiner + s[len(text):]
				}
			}
		}
		return s
	}
}
