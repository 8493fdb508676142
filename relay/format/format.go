// Package format turns a card into what each chat system takes, within its
// limits. It is pure: no I/O, and its values may be shared.
//
// A new chat system is a file of its own with a [Format]: its limits as data with
// their source, and an encoder. Making a card small enough is the same for all:
// see shrink.go.
package format

import (
	"github.com/connector-relay/relay/relay/card"
)

// Payload is what to POST.
type Payload struct {
	ContentType string
	Body        []byte
	// Omitted says what was left out to stay within the limits, one entry each;
	// the card says the same.
	Omitted []string
}

// Limit is what a chat system takes at most. Zero means no limit.
type Limit struct {
	// Bytes is the size of the encoded payload.
	Bytes int
	// Sections is per card; Images and Actions are per section, and Actions also
	// per card.
	Sections, Images, Actions int
	// Source says where the figures come from.
	Source string
}

// Format is one way to write a card.
type Format struct {
	Name        string
	ContentType string
	Limit       Limit
	// encode writes a card that is small enough, or measures one that is not.
	encode func(card.Card) ([]byte, error)
}

// contentType carries the charset because without it Teams has garbled what is
// not ASCII.
const contentType = "application/json; charset=utf-8"

// Render writes a card within the format's limits. Fraction is the part of the
// size limit to use: 1, or less when the chat system has refused the card for its
// size all the same.
func (f Format) Render(c card.Card, fraction float64) (Payload, error) {
	body, omitted, err := shrink(c, f, int(float64(f.Limit.Bytes)*fraction))
	if err != nil {
		return Payload{}, err
	}
	return Payload{ContentType: f.ContentType, Body: body, Omitted: omitted}, nil
}

// Office365 writes the Connector Card itself, as Office 365 connectors took it.
func Office365() Format {
	return Format{
		Name: "office365", ContentType: contentType, encode: card.Card.MarshalJSON,
		Limit: Limit{
			Bytes: 20_000, Sections: 10, Images: 5, Actions: 4,
			Source: "documented 28 KB, but counted after expansion (msteams-docs#11274: 24,453 bytes were refused as 28,897); " +
				"sections and images: Teams cards reference; actions: message card reference. Teams drops what is over without a word.",
		},
	}
}

// Webhook writes the Connector Card for an application of one's own.
func Webhook() Format {
	return Format{
		Name: "webhook", ContentType: contentType, encode: card.Card.MarshalJSON,
		Limit: Limit{Bytes: 1 << 20, Source: "what web servers take by default; nginx's client_max_body_size is 1 MB"},
	}
}
