package systems_test

import (
	"context"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/systems"
)

// form is a form of a chat system with the settings that a channel of it could have.
type form struct {
	chat.Form
	// Name is the system's and the form's.
	Name     string
	settings chat.Settings
}

// Render writes a card for such a channel.
func (f form) Render(ctx context.Context, c card.Card, o chat.Options) (chat.Payload, error) {
	o.Settings = f.settings
	return f.Form.Render(ctx, c, o)
}

// forms are those of every system in the list.
func forms() []form {
	settings := map[string]map[string]string{
		"teams card": {"card_version": "1.5"}, "zulip": {"to": "engineering", "topic": "builds"}, "ntfy": {"to": "relay"},
	}
	var list []form
	for _, s := range systems.All() {
		for _, f := range s.Forms {
			named := form{Form: f, Name: strings.TrimSpace(s.Name + " " + f.Name), settings: make(chat.Settings)}
			for name, text := range settings[named.Name] {
				named.settings.Set(name, text)
			}
			list = append(list, named)
		}
	}
	return list
}

// named is the form of a name, without settings.
func named(name string) form {
	for _, f := range forms() {
		if f.Name == name {
			f.settings = nil
			return f
		}
	}
	panic("there is no form " + name)
}

// usual is the first form of a system.
func usual(name string) form {
	s, _ := systems.All().Find(name)
	return form{Form: s.Forms[0], Name: name}
}
