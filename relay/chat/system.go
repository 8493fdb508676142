// Package chat is what the relay knows of chat systems.
//
// Each system is a folder beside this file, with a function System that returns one value
// of type [System]: the settings that a channel of it has, the forms in which it takes a
// card, their limits, how a card is written and an answer read, what names a person, and
// how fast it may go. The configuration, the reference and package channel work from that
// value and know no system by name.
//
// To add one, copy the folder that is most like it and add a line to package systems.
//
// What systems share stands beside them: [draft] is a card ready to be written, [shrink]
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
	// Summary says in a sentence what a channel of it posts to.
	Summary string
	// Settings are what a channel's block may say of it, besides what every channel's may.
	Settings []Setting
	// Forms are the ways to hand it a card, the usual one first; none means that cards stay
	// in the relay's own store. Where there are several, each has a name, and payload chooses.
	Forms []Form
	// Interchangeable says that all forms go to one kind of address, which does not
	// show which form it wants.
	Interchangeable bool
	// Rate is what one address is good for when the configuration does not say.
	Rate Rate
	// Person says what names somebody there; nil means that nobody can be mentioned.
	Person *Identity
	// Retired says why cards to an address no longer arrive, and what to do; empty when they
	// do. It is asked about the address of every channel, because people give an old address
	// whatever type they find. Nil means that no address of the system's has been retired.
	Retired func(*url.URL) string
}

// Rate is how many cards a second an address takes, and how many at once; the zero value
// means any number.
type Rate struct {
	PerSecond float64
	Burst     int
	// Source says where the figures come from.
	Source string
}

// Identity is what a chat system knows a person by.
type Identity struct {
	// Pattern is what an id looks like: half of one would be written into cards and mention
	// nobody.
	Pattern *regexp.Regexp
	// Doc completes "it is …".
	Doc string
}

// Form is one way to hand a card to a chat system. Only Write and Read are required.
type Form struct {
	// Name is its value of payload; empty where there is one form only.
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
	// Own returns the payload of a card that came in the system's own form; nil, or false,
	// means that it has to be written.
	Own func(card.Card) ([]byte, bool)
	// Read says what an answer means. Only what the system is known to say when it has taken
	// a card is success.
	Read func(answer.Answer) answer.Reading
	// Application says that an application of the operator's answers, which may do so with
	// web pages; a chat system does not.
	Application bool
	// Address makes the address of requests from the url setting, and may add to the
	// settings what it finds there; nil means that it is the URL as it stands.
	Address func(url string, s Settings) (string, error)
	// Header returns what a request needs besides its content type; nil means nothing.
	Header func(Request) (http.Header, error)
	// Named says that the request is a PUT to an address that ends in the request's ID, so
	// that a repeat is known as one.
	Named bool
}

// Request is one attempt to hand over a payload, for a form to sign or to sign in.
type Request struct {
	Settings Settings
	// ID is the same at each attempt for a card and a channel, also after a replay.
	ID   string
	Body []byte
	At   time.Time
}

// Posts reports whether cards leave the relay.
func (s System) Posts() bool { return len(s.Forms) > 0 }

// Form returns the form that a value of payload means.
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

// Payloads are the names of the forms where there are several.
func (s System) Payloads() []string {
	var names []string
	for _, f := range s.Forms {
		if f.Name != "" {
			names = append(names, f.Name)
		}
	}
	return names
}

// Systems are the chat systems that a relay knows.
type Systems []System

// Find returns the system of a name.
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
