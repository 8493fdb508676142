package todo

import (
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
)

// The lengths of texts in a card, in characters.
const (
	maxTitle = 150
	maxText  = 300
)

// maxNote bounds how much of a note is read, in bytes; a card only shows the beginning.
const maxNote = 64 << 10

// draw makes the card for an event.
func draw(k kind, h happening) card.Card {
	c := card.Happening{Color: k.Own.color}
	fact := func(name, value string) {
		if value = card.Line(value, maxTitle); value != "" {
			c.Facts = append(c.Facts, card.Fact{Name: name, Value: value})
		}
	}
	for _, d := range h.changes {
		before, after := dayFor(d.before), dayFor(d.after)
		if before != "" {
			after = before + " → " + after
		}
		fact(d.name, after)
	}
	if aboutList(k) {
		c.Title = k.Own.title + ": " + named(h.list)
		return c.Card()
	}
	s := h.subject
	c.Title = k.Own.title + ": " + named(s.title)
	fact("List", h.list)
	if len(h.changes) == 0 {
		fact("Due", dayFor(s.due))
		fact("Steps", s.steps.String())
		if s.importance == "high" {
			fact("Importance", s.importance)
		}
	}
	if k.Name == "task_created" {
		c.Text = s.note
	}
	if k.Name != "task_deleted" {
		c.Address, c.Button = s.address(), "Open task"
	}
	return c.Card()
}

// address returns the page of a task.
func (s subject) address() string {
	address := s.link + url.PathEscape(s.id)
	if strings.Contains(s.link, "//to-do.") {
		address += "/details"
	}
	return address
}

// dayFor writes a day for a reader; it returns anything else as it is.
func dayFor(s string) string {
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return day.Format("Mon 2 Jan 2006")
}

// named returns a title for a card.
func named(s string) string {
	if s = card.Line(s, maxTitle); s != "" {
		return s
	}
	return "untitled"
}

// note returns a task's note without its markup.
func note(t task) string {
	if t.Body == nil {
		return ""
	}
	text := strings.ToValidUTF8(t.Body.Content[:min(len(t.Body.Content), maxNote)], "")
	if strings.EqualFold(t.Body.Type, "html") {
		text = card.FromHTML(text)
	}
	// Outlook ends each paragraph with several empty lines.
	var lines []string
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if l != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, l)
		}
	}
	return card.Excerpt(strings.Join(lines, "\n"), maxText)
}
