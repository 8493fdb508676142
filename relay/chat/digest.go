package chat

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/shrink"
)

// Entry is one card of a digest, with the name of the connector it came from.
type Entry struct {
	Card      card.Card
	Connector string
}

// entryRoom is how many bytes of a card to read for a line about it.
const entryRoom = 8 << 10

// NewEntry keeps no more of a card than a line about it needs.
func NewEntry(c card.Card, connector string) Entry {
	c, _ = shrink.Excerpt(c, entryRoom)
	return Entry{Card: c, Connector: connector}
}

// Digest makes one card from several: a list with a line for each, in their order, with
// the card's title, its first link and the connector's name. It contains nothing else
// from the cards.
func Digest(entries ...Entry) card.Card {
	parser := markup.NewParser()
	var lines []string
	connectors := make(map[string]bool)
	for _, e := range entries {
		connectors[e.Connector] = true
		lines = append(lines, "- "+e.line(parser))
	}
	title := fmt.Sprintf("%d cards from %d connectors", len(entries), len(connectors))
	if len(connectors) == 1 {
		title = fmt.Sprintf("%d cards from %s", len(entries), card.Escape(entries[0].Connector))
	}
	return card.Card{Summary: title, Title: title, Text: strings.Join(lines, "\n")}
}

// line is the entry as one line of Markdown.
func (e Entry) line(p markup.Parser) string {
	d := draft.New(e.Card, p, nil)
	text := card.Link(d.Headline(), cmp.Or(e.link(), d.TitleLink))
	if e.Connector == "" {
		return text
	}
	return text + " · " + card.Escape(e.Connector)
}

// link returns the address that the card's first button with one opens; it is empty when
// there is none.
func (e Entry) link() string {
	actions := e.Card.Actions
	for _, s := range e.Card.Sections {
		actions = append(slices.Clip(actions), s.Actions...)
	}
	for _, a := range actions {
		if at := card.Web(a.URL()); at != "" {
			return at
		}
	}
	return ""
}
