package systems_test

import (
	"context"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/systems"
)

// form is a form of a chat system with the settings that a channel of it could have.
type form struct {
	chat.Form
	// Name is the system's and the form's.
	Name     string
	settings chat.Settings
	parser   markup.Parser
}

// Render writes a card for such a channel.
func (f form) Render(ctx context.Context, c card.Card, o chat.Options) (chat.Payload, error) {
	o.Settings, o.Parser = f.settings, f.parser
	return f.Form.Render(ctx, c, o)
}

// forms are those of every system in the list.
func forms() []form {
	settings := map[string]map[string]string{
		"teams card": {"card_version": "1.5"}, "zulip": {"to": "engineering", "topic": "builds"}, "ntfy": {"to": "relay"},
	}
	var list []form
	parser := markup.NewParser()
	for _, s := range systems.All() {
		for _, f := range s.Forms {
			named := form{Form: f, Name: strings.TrimSpace(s.Name + " " + f.Name), settings: make(chat.Settings), parser: parser}
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

// TestSystemsAreWhole: what every part of the relay counts on is there.
func TestSystemsAreWhole(t *testing.T) {
	for _, s := range systems.All() {
		if s.Name == "" || s.Summary == "" || s.Posts() != hasURL(s) || s.Rate.PerSecond > 0 && s.Rate.Source == "" {
			t.Errorf("%s lacks a name, a summary, a url or the source of its rate", s.Name)
		}
		for _, setting := range s.All() {
			if setting.Kind == "" || setting.Doc == "" {
				t.Errorf("%s: %s lacks its kind or its doc", s.Name, setting.Name)
			}
		}
		for _, f := range s.Forms {
			if f.Write == nil || f.Read == nil || len(s.Forms) > 1 && f.Name == "" {
				t.Errorf("%s %s cannot write, or read, or has no name", s.Name, f.Name)
			}
		}
	}
}

func hasURL(s chat.System) bool {
	_, has := s.Setting("url", "")
	return has
}
