package operator

import (
	"encoding/json"
	"fmt"
	"strings"
)

// These are the things that a new configuration can do to an old one's parts.
const (
	Added   = "added"
	Changed = "changed"
	Moved   = "moved"
	Removed = "removed"
)

// Change is one thing that a configuration changes in the running relay.
type Change struct {
	// Sort is "channel", "connector", "plugin", "team", "sign-in" or "setting".
	Sort string `json:"sort"`
	Name string `json:"name"`
	// Action is "added", "changed", "moved" or "removed".
	Action string `json:"action"`
	// From is the former name of something that has moved.
	From string `json:"from,omitempty"`
	// Parts are the names in the file of what has changed.
	Parts []string `json:"parts,omitempty"`
	// Was and Is are a setting's values before and after.
	Was string `json:"was,omitempty"`
	Is  string `json:"is,omitempty"`
	// Waiting and Dead count the cards of a channel that is new, moved or removed.
	Waiting int `json:"waiting,omitempty"`
	Dead    int `json:"dead_letters,omitempty"`
	// Warning is what a person should know and do about it; it is empty when nothing is
	// left behind.
	Warning string `json:"warning,omitempty"`
}

// String is the change in one line.
func (c Change) String() string {
	var what string
	switch {
	case c.Sort == "setting":
		return fmt.Sprintf("%s is %s now", c.Name, orNothing(c.Is))
	case c.Action == Added:
		what = "is new"
	case c.Action == Removed:
		what = "is gone"
	case c.Action == Moved:
		what = "was " + c.From
	default:
		what = "has changed"
	}
	what = fmt.Sprintf("%s %s %s", c.Sort, c.Name, what)
	if c.Action == Moved && len(c.Parts) > 0 {
		what += " and has changed"
	}
	if len(c.Parts) > 0 {
		what += " (" + strings.Join(c.Parts, ", ") + ")"
	}
	switch cards := counted(c.Waiting, "card waits", "cards wait"); {
	case c.Waiting > 0 && c.Dead > 0:
		what += fmt.Sprintf("; %s, %s", cards, counted(c.Dead, "is a dead letter", "are dead letters"))
	case c.Waiting > 0:
		what += "; " + cards
	case c.Dead > 0:
		what += "; " + counted(c.Dead, "card is a dead letter", "cards are dead letters")
	}
	return what
}

// MarshalJSON adds the line.
func (c Change) MarshalJSON() ([]byte, error) {
	type plain Change
	return json.Marshal(struct {
		Change string `json:"change"`
		plain
	}{c.String(), plain(c)})
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

func orNothing(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}
