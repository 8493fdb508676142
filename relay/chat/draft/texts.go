package draft

import "github.com/connector-relay/relay/relay/card"

// Part says what a text is in its card.
type Part int

// The parts.
const (
	SummaryPart Part = iota
	TitlePart
	TextPart
	FactPart
	ActionPart
)

// EachText calls f for the texts of a card, in their order.
func EachText(c *card.Card, f func(s *string, part Part)) {
	f(&c.Summary, SummaryPart)
	f(&c.Title, TitlePart)
	f(&c.Text, TextPart)
	for i := range c.Actions {
		f(&c.Actions[i].Name, ActionPart)
	}
	for i := range c.Sections {
		s := &c.Sections[i]
		f(&s.Title, TitlePart)
		f(&s.ActivityTitle, TitlePart)
		f(&s.ActivitySubtitle, TitlePart)
		f(&s.Text, TextPart)
		f(&s.ActivityText, TextPart)
		for j := range s.Facts {
			f(&s.Facts[j].Name, FactPart)
			f(&s.Facts[j].Value, FactPart)
		}
		for j := range s.Actions {
			f(&s.Actions[j].Name, ActionPart)
		}
	}
}
