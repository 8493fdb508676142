// Package chat is what the relay knows about chat systems.
//
// Each system is a folder beside this file, with a function System that returns one value
// of type [System]: the settings that its channels have, the forms in which it accepts a
// card, their limits, how to write a card and read an answer, what names a person, and
// how fast to post. The configuration, the reference and package channel work from that
// value and know no system by name.
//
// To add one, copy the folder that is most like it and add a line to package systems.
//
// What the systems share is beside them: [draft] is a card ready to be written, [shrink]
// makes it small enough, [markup] writes its texts, [answer] reads what an endpoint says.
// Nothing here makes a request; that is package channel's.
package chat

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/size"
)

// System is one chat system.
type System struct {
	// Name is its channels' type in the configuration.
	Name string
	// Summary says in a sentence where such a channel posts.
	Summary string
	// Settings are what a channel's block may set, besides the settings of every channel.
	Settings []Setting
	// Forms are the ways to give it a card, the usual one first; none means that cards
	// stay in the relay's own store. Where there are several, each has a name, and
	// payload chooses.
	Forms []Form
	// Interchangeable says that all forms go to one kind of address, which does not
	// show which form it wants.
	Interchangeable bool
	// Rate is what one address can take when the configuration does not say.
	Rate Rate
	// Person says how the system identifies people; nil means that nobody can be mentioned.
	Person *Identity
	// Retired says why cards to an address no longer arrive, and what to do; empty when
	// they do. It is called for the address of every channel, because people set whatever
	// type they find for an old address. Nil means that none of the system's addresses
	// has been retired.
	Retired func(*url.URL) string
}

// Rate is how many cards an address accepts a second, and how many at once; the zero
// value means any number.
type Rate struct {
	PerSecond float64
	Burst     int
	// Source says where the figures come from.
	Source string
}

// Identity is how a chat system identifies a person.
type Identity struct {
	// Pattern is what an id looks like, because an incomplete one would be written into
	// cards and mention nobody.
	Pattern *regexp.Regexp
	// Doc completes the sentence "it is …".
	Doc string
}

// Form is one way to give a card to a chat system. Only Write and Read are required.
type Form struct {
	// Name is its value of payload; it is empty where there is only one form.
	Name string
	// ContentType is the payload's; empty means JSON.
	ContentType string
	Limits      size.Limits
	// InlinePictures says that a picture may be a data: URL.
	InlinePictures bool
	// Write writes a draft that is small enough, or measures one that is not.
	Write func(draft.Draft, *Writing) (draft.Written, error)
	// Prepare changes a card before it is read as a draft; nil leaves it.
	Prepare func(card.Card) card.Card
	// Own returns the payload of a card that arrived in the system's own form; if it is
	// nil or reports false, the card has to be written.
	Own func(card.Card) ([]byte, bool)
	// Read says what an answer means. Only what the system is known to answer when it has
	// accepted a card is a success.
	Read func(answer.Answer) answer.Reading
	// Application says that an application of the operator's answers, which may do so with
	// web pages; a chat system does not.
	Application bool
	// Address makes the address of requests from the url setting, and may add what it
	// finds there to the settings; nil means that the URL is used unchanged.
	Address func(url string, s Settings) (string, error)
	// Header returns what a request needs besides its content type; nil means nothing.
	Header func(Request) (http.Header, error)
	// Named says that the request is a PUT to an address that ends in the request's ID,
	// so that a repeat is recognised.
	Named bool
}

// Request is one attempt to deliver a payload, for a form to sign or to authenticate.
type Request struct {
	Settings Settings
	// ID is the same at each attempt for a card and a channel, even after a replay.
	ID   string
	Body []byte
	At   time.Time
}

// Posts reports whether cards leave the relay.
func (s System) Posts() bool { return len(s.Forms) > 0 }

// Form returns the form that a value of payload names.
func (s System) Form(payload string) (Form, error) {
	if payload == "" && s.Posts() {
		return s.Forms[0], nil
	}
	names := s.Payloads()
	if i := slices.Index(names, payload); i >= 0 {
		return s.Forms[i], nil
	}
	return Form{}, fmt.Errorf("payload %q is unknown; channel type %s has %s", payload, s.Name, strings.Join(names, ", "))
}

// Payloads returns the names of the forms where there are several.
func (s System) Payloads() []string {
	var names []string
	for _, f := range s.Forms {
		if f.Name != "" {
			names = append(names, f.Name)
		}
	}
	return names
}

// Systems lists the chat systems that a relay knows.
type Systems []System

// Find returns the system with a name.
func (ss Systems) Find(name string) (System, bool) {
	i := slices.IndexFunc(ss, func(s System) bool { return s.Name == name })
	if i < 0 {
		return System{}, false
	}
	return ss[i], true
}

// Names are the systems' names, sorted.
func (ss Systems) Names() []string {
	var names []string
	for _, s := range ss {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}
