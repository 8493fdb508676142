package chat

import (
	"slices"
)

// Person is somebody in a chat system.
type Person struct {
	// ID is what the chat system knows the person by.
	ID string
	// Name is how to call the person; never empty.
	Name string
}

// Writing is one act of writing a card: for which channel, who can be mentioned, and who
// was.
type Writing struct {
	Options
	// Mentioned are the people that the texts written so far mention, each once.
	Mentioned []Person
}

// Mention returns how a dialect writes the people that the chat system knows.
func (w *Writing) Mention(write func(Person) string) func(login string) (string, bool) {
	return func(login string) (string, bool) {
		p, ok := w.Known(login)
		if !ok {
			return "", false
		}
		if !slices.Contains(w.Mentioned, p) {
			w.Mentioned = append(w.Mentioned, p)
		}
		return write(p), true
	}
}

// Known returns the person with a login if the chat system knows who that is.
func (w *Writing) Known(login string) (Person, bool) {
	if w.Person == nil {
		return Person{}, false
	}
	p, ok := w.Person(login)
	return p, ok && p.ID != ""
}
