package connectortest

import (
	"strings"

	"github.com/connector-relay/relay/relay/event"
)

// Said is what an event's card says, in one line that a test can compare: its title,
// text, facts and what its buttons open, without the backslashes.
func Said(e event.Event) string {
	parts := []string{e.Card.Title}
	if e.Card.Text != "" {
		parts = append(parts, e.Card.Text)
	}
	for _, s := range e.Card.Sections {
		for _, f := range s.Facts {
			parts = append(parts, f.Name+": "+f.Value)
		}
	}
	for _, a := range e.Card.Actions {
		parts = append(parts, a.URL())
	}
	return strings.ReplaceAll(strings.Join(parts, " | "), `\`, "")
}
