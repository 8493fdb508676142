package trello

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	cards "github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/event"
)

// The lengths of texts in a card, in characters.
const (
	maxName = 120
	maxText = 400
	// maxAddress is the longest address of an attachment, in bytes.
	maxAddress = 2048
)

// event makes an event from an action; it reports false when nobody asked for it.
func (t *Trello) event(a action) (event.Event, bool) {
	k, ok := t.wanted(a)
	if !ok {
		return event.Event{}, false
	}
	return a.draw(k), true
}

func (a action) draw(k kinds.Kind[look]) event.Event {
	h := cards.Happening{Title: a.who() + " " + a.fill(k.Own.does), Text: prose.Markdown(a.text(k.Name), maxText), Color: k.Own.color, Who: a.who(), Facts: a.facts(k)}
	if at := cards.Web(a.Creator.AvatarURL); at != "" {
		h.Picture = at + "/50.png" // Trello's sizes are 30, 50 and 170
	}
	if b := a.Data.Board; b != nil {
		h.Where = cards.Link(b.Name, boardURL(b))
	}
	h.Address, h.Button = a.where()
	return event.Event{Key: "action:" + a.ID, Kind: k.Name, Thread: a.thread(), Time: a.When, Card: h.Card(), Data: a.data(k.Name)}
}

// thread returns the card that the action is about.
func (a action) thread() string {
	if c := a.Data.Card; c != nil && isID(c.ID) {
		return "card/" + c.ID
	}
	return ""
}

func (a action) who() string {
	for _, name := range []string{a.Creator.FullName, a.Creator.Username} {
		if name = cards.Line(name, maxName); name != "" {
			return name
		}
	}
	return "Somebody"
}

// fill puts names into a kind's words. Each name is inserted once and not scanned again,
// so a card named CARD does no harm.
func (a action) fill(does string) string {
	d := a.Data
	words := strings.Fields(does)
	for i, w := range words {
		switch w {
		case "CARD":
			words[i] = orElse(nameOf(d.Card), "a card")
		case "SOURCE":
			words[i] = orElse(nameOf(d.CardFrom), "a card")
		case "OLDNAME":
			words[i] = "something"
			if d.Old != nil && d.Old.Name != nil {
				words[i] = orElse(cards.Line(*d.Old.Name, maxName), "something")
			}
		case "LIST":
			words[i] = name(d.List, "a list")
		case "BEFORE":
			words[i] = name(d.ListBefore, "a list")
		case "AFTER":
			words[i] = name(d.ListAfter, "another")
		case "BOARD":
			words[i] = name(d.Board, "")
		case "FROMBOARD":
			words[i] = name(d.BoardFrom, "another board")
		case "TOBOARD":
			words[i] = name(d.BoardTo, "another board")
		case "CHECKLIST":
			words[i] = name(d.Checklist, "")
		case "LABEL":
			words[i] = d.label()
		case "FIELD":
			words[i] = name(d.Field, "a field")
		case "MEMBER":
			words[i] = a.memberName()
		case "FILE":
			words[i] = "something"
			if d.Attachment != nil {
				words[i] = orElse(cards.Line(d.Attachment.Name, maxName), "something")
			}
		case "ITEM":
			words[i] = "a line"
			if d.CheckItem != nil {
				words[i] = orElse(cards.Line(d.CheckItem.Name, maxName), "a line")
			}
		case "DESCRIBED":
			words[i] = d.described()
		case "DATED":
			words[i] = "set"
			if d.Old != nil && date(d.Old.due()) != "" {
				words[i] = "changed"
			}
		case "TICKED":
			words[i] = "ticked"
			if d.CheckItem != nil && d.CheckItem.State == "incomplete" {
				words[i] = "unticked"
			}
		}
	}
	return strings.Join(words, " ")
}

// label describes a label by its colour and name; it may have only one of them. Older
// actions have the name outside the label.
func (d actionOf) label() string {
	var l named
	if d.Label != nil {
		l = *d.Label
	}
	words := []string{"the", cards.Line(strings.ReplaceAll(l.Color, "_", " "), maxName), "label", cards.Line(orElse(l.Name, d.Text), maxName)}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// described says what was done to a description.
func (d actionOf) described() string {
	switch {
	case d.Old == nil || d.Old.Description == nil || *d.Old.Description == "":
		return "described"
	case d.Card == nil || d.Card.Description == nil || *d.Card.Description == "":
		return "removed the description of"
	}
	return "changed the description of"
}

// due returns a card's former due date; it is empty when there was none.
func (o *old) due() string {
	var at string
	if o == nil || json.Unmarshal(o.Due, &at) != nil {
		return ""
	}
	return at
}

// date writes a time for a reader; it is empty when there is none.
func date(s string) string {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return ""
	}
	return at.UTC().Format("Mon 2 Jan 2006, 15:04 UTC")
}

// memberName names the member that an action is about.
func (a action) memberName() string {
	if a.Member != nil {
		if a.Member.Username != "" && a.Member.Username == a.Creator.Username {
			return "themselves"
		}
		if a.Member.FullName != "" || a.Member.Username != "" {
			return cards.Mention(a.Member.Username, a.Member.FullName)
		}
	}
	return name(a.Data.Member, "somebody")
}

func nameOf(c *card) string {
	if c == nil {
		return ""
	}
	return cards.Line(c.Name, maxName)
}

func name(n *named, otherwise string) string {
	if n == nil {
		return otherwise
	}
	return orElse(cards.Line(n.Name, maxName), otherwise)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// text returns what somebody wrote.
func (a action) text(kind string) string {
	switch {
	case kind == "comment_card":
		return a.Data.Text
	case kind == "update_comment" && a.Data.Comment != nil:
		return a.Data.Comment.Text
	case kind == "card_described" && a.Data.Card != nil && a.Data.Card.Description != nil:
		return *a.Data.Card.Description
	case kind == "create_card" && a.Data.Card != nil && a.Data.Card.Description != nil:
		return *a.Data.Card.Description
	}
	return ""
}

func (a action) facts(k kinds.Kind[look]) []cards.Fact {
	var list []cards.Fact
	add := func(name, value string) {
		if value = cards.Line(value, maxName); value != "" {
			list = append(list, cards.Fact{Name: name, Value: value})
		}
	}
	d := a.Data
	if d.List != nil && d.Card != nil && !strings.Contains(k.Own.does, "LIST") {
		add("List", d.List.Name)
	}
	if d.Card != nil && d.Card.Due != nil {
		add("Due", date(*d.Card.Due))
	}
	if k.Name == "due_date_set" || k.Name == "due_date_removed" {
		add("Due before", date(d.Old.due()))
	}
	if k.Name == "card_described" && d.Old != nil && d.Old.Description != nil {
		add("Before", *d.Old.Description)
	}
	if f := d.Attachment; f != nil && k.Name == "add_attachment_to_card" && cards.Web(f.URL) != "" && len(f.URL) <= maxAddress {
		list = append(list, cards.Fact{Name: "Attachment", Value: cards.Link(orElse(f.Name, f.URL), f.URL)})
	}
	if d.Checklist != nil && !strings.Contains(k.Own.does, "CHECKLIST") {
		add("Checklist", d.Checklist.Name)
	}
	return list
}

// where returns what a button opens.
func (a action) where() (address, label string) {
	if a.Type != "deleteCard" && a.Data.Card != nil && isID(a.Data.Card.ShortLink) {
		return "https://trello.com/c/" + a.Data.Card.ShortLink, "Open card"
	}
	if a.Data.Board != nil && boardURL(a.Data.Board) != "" {
		return boardURL(a.Data.Board), "Open board"
	}
	return "", ""
}

func boardURL(b *named) string {
	if !isID(b.ShortLink) {
		return ""
	}
	return "https://trello.com/b/" + b.ShortLink
}

// data returns what routes may test.
func (a action) data(kind string) json.RawMessage {
	b, err := json.Marshal(struct {
		Type    string `json:"type"`
		Kind    string `json:"kind"`
		Creator member `json:"memberCreator"`
		actionOf
	}{a.Type, kind, a.Creator, a.Data})
	if err != nil {
		return nil // raw parts come from valid JSON, so they can always be encoded
	}
	return b
}
