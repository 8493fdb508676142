package chat

import (
	"fmt"
	"maps"
	"slices"

	"github.com/connector-relay/relay/relay/secret"
)

// Kind is what kind of value a setting has.
type Kind string

// The kinds.
const (
	Text   Kind = "text"
	Flag   Kind = "true or false"
	Web    Kind = "URL"  // always kept as a secret is, because most hold one
	Choice Kind = "name" // of one of the system's forms
)

// Setting is one attribute of a channel's block that belongs to a chat system. The
// configuration's checks, the reference and forms come from it.
type Setting struct {
	Name string
	Kind Kind
	// Doc completes the sentence "NAME is …".
	Doc string
	// Forms names the forms that have the setting; nil means all.
	Forms    []string
	Required bool
	// Secret says that the value must not be anywhere that others can read.
	Secret bool
	// NotEmpty says why a secret must not be empty; without it, a secret may be. Texts must not.
	NotEmpty string
	// Allowed, when not empty, lists all values.
	Allowed []string
	// Default is what applies without the setting, if one word can say it.
	Default string
	// Elsewhere says why a channel whose system lacks the setting cannot have it, with %s
	// for the channel's type; when it is empty, the channel simply has no use for it.
	Elsewhere string
}

// In returns the setting as one that only some forms have.
func (s Setting) In(forms ...string) Setting {
	s.Forms = forms
	return s
}

// Optional returns the setting as one that need not be set.
func (s Setting) Optional() Setting {
	s.Required = false
	return s
}

// The names of the settings that every part of the relay understands.
const (
	urlName     = "url"
	payloadName = "payload"
	threadName  = "thread"
	answerName  = "answer"
	tokenName   = "token"
)

// URL is where cards are posted; whoever knows it can post.
func URL() Setting {
	s := ServerURL()
	s.Secret = true
	return s
}

// ServerURL is the URL of a server, which is not enough to post.
func ServerURL() Setting {
	return Setting{
		Name: urlName, Kind: Web, Required: true, Doc: `the address that its cards are posted to, such as url = env("WEBHOOK_URL")`,
		Elsewhere: "A channel of type %s has no URL: its cards are kept in the store and read on the dashboard. Remove the attribute url, or give the channel another type.",
	}
}

// Thread keeps related cards together.
func Thread() Setting {
	return Setting{
		Name: threadName, Kind: Flag, Doc: "whether cards that belong together are kept in a thread", Default: "false",
		Elsewhere: "A channel of type %s cannot keep cards in threads: its webhooks do not let a sender choose one. Remove the attribute thread.",
	}
}

// Answer is for systems whose answers somebody else writes.
func Answer() Setting {
	return Setting{Name: answerName, Kind: Text, Doc: "a part of the endpoint's answer when it has accepted a card"}
}

// Token signs in.
func Token() Setting {
	return Setting{Name: tokenName, Kind: Text, Secret: true, Required: true, Doc: "the key with which requests sign in"}
}

// To is for systems whose addresses do not say where cards go.
func To() Setting {
	return Setting{Name: "to", Kind: Text, Required: true, Doc: "the channel or room of the chat system that cards go to"}
}

// All returns a system's settings, with payload where there is a choice.
func (s System) All() []Setting {
	if payload := s.payload(); len(payload.Allowed) > 0 {
		return append([]Setting{payload}, s.Settings...)
	}
	return s.Settings
}

// payload chooses the form in which cards are posted.
func (s System) payload() Setting {
	p := Setting{
		Name: payloadName, Kind: Choice, Allowed: s.Payloads(), Doc: "the form in which cards are posted",
		Elsewhere: "A channel of type %s has only one payload. Remove the attribute payload.",
	}
	if len(p.Allowed) > 0 {
		p.Default = p.Allowed[0]
	}
	return p
}

// Settings returns the settings that any of the systems has, the payload first. Of
// several with the same name, the first one counts, or a secret one before it.
func (ss Systems) Settings() []Setting {
	list := []Setting{System{}.payload()}
	for _, s := range ss {
		for _, setting := range s.Settings {
			i := slices.IndexFunc(list, func(o Setting) bool { return o.Name == setting.Name })
			switch {
			case i < 0:
				list = append(list, setting)
			case setting.Secret && !list[i].Secret:
				list[i] = setting
			}
		}
	}
	return list
}

// Setting returns the setting with a name, as a payload has it.
func (s System) Setting(name, payload string) (Setting, bool) {
	if payload == "" && s.Posts() {
		payload = s.Forms[0].Name
	}
	for _, setting := range s.All() {
		if setting.Name == name && (len(setting.Forms) == 0 || slices.Contains(setting.Forms, payload)) {
			return setting, true
		}
	}
	return Setting{}, false
}

// Check reports a setting that a channel of the system needs and lacks, or has no use for.
func (s System) Check(settings Settings) error {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if _, has := s.Setting(name, settings.Payload()); !has && settings.has(name) {
			return fmt.Errorf("a channel of type %s has no use for %s", s.Name, name)
		}
	}
	for _, setting := range s.Settings {
		if current, has := s.Setting(setting.Name, settings.Payload()); has && current.Required && !settings.has(setting.Name) {
			return fmt.Errorf("a channel of type %s needs %s", s.Name, setting.Name)
		}
	}
	return nil
}

// Secrets returns those values of a channel's settings that nobody may see.
func (s System) Secrets(settings Settings) []secret.Value {
	var list []secret.Value
	for _, setting := range s.Settings {
		if setting.Secret || setting.Kind == Web {
			list = append(list, settings[setting.Name])
		}
	}
	return list
}

// Settings are the values of a channel's settings, by name. None of them prints itself.
type Settings map[string]secret.Value

func (s Settings) has(name string) bool { return !s[name].IsZero() }

// Text returns a setting that is not secret; it is empty when it is not set.
func (s Settings) Text(name string) string {
	text, err := s[name].Reveal()
	if err != nil {
		return ""
	}
	return text
}

// Set sets a setting that is not secret.
func (s Settings) Set(name, text string) { s[name] = secret.New(text) }

// URL is the url setting.
func (s Settings) URL() secret.Value { return s[urlName] }

// Payload is the name of the form in which cards are posted; empty means the usual one.
func (s Settings) Payload() string { return s.Text(payloadName) }

// With returns the settings with another payload.
func (s Settings) With(payload string) Settings {
	s = maps.Clone(s)
	s.Set(payloadName, payload)
	return s
}

// Threads says that related cards are kept in a thread.
func (s Settings) Threads() bool { return s.Text(threadName) == "true" }

// Answer is a part of the endpoint's answer when it has accepted a card.
func (s Settings) Answer() string { return s.Text(answerName) }
