package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/route/language"
)

func peopleSchema() language.Schema {
	return language.Schema{
		Title:  "a people block",
		Blocks: []language.Block{{Name: "login", Labels: []string{"LOGIN"}}},
	}
}

func loginSchema() language.Schema {
	s := language.Schema{Title: "a login block", Attributes: []language.Attribute{{Name: "name"}}}
	for _, name := range callingTypes() {
		s.Attributes = append(s.Attributes, language.Attribute{Name: name})
	}
	return s
}

// people reads whose the logins at the sources of a connector type are.
func (f *File) people(block *hclsyntax.Block) {
	f.add(f.check(peopleSchema(), block.Body, block.DefRange())...)
	typ := block.Labels[0]
	if f.config.People == nil {
		f.config.People = make(People)
	}
	if f.config.People[typ] == nil {
		f.config.People[typ] = make(map[string]Person)
	}
	for _, b := range block.Body.Blocks {
		if b.Type != "login" || len(b.Labels) != 1 {
			continue
		}
		// Services do not tell logins apart by capital letters.
		login := strings.ToLower(b.Labels[0])
		if _, twice := f.config.People[typ][login]; twice || login == "" {
			f.error("Login given twice", fmt.Sprintf("There is a login %q of connector type %s already, or it is empty. Everybody's chat systems stand in one block.", login, typ), b.LabelRanges[0])
			continue
		}
		f.config.People[typ][login] = f.person(b)
	}
}

func (f *File) person(block *hclsyntax.Block) Person {
	f.add(f.check(loginSchema(), block.Body, block.DefRange())...)
	p := Person{IDs: make(map[string]string)}
	if s, ok := f.readText(block.Body, "name", "a name"); ok {
		p.Name = s.text()
	}
	for _, chat := range callingTypes() {
		s, ok := f.readText(block.Body, chat, "what "+chat+" knows the person by")
		switch {
		case !ok:
		case !identifies(chat, s.text()):
			f.error("Not an id", fmt.Sprintf("The attribute %s cannot be %s: %s.", chat, s.shown(), idDoc(chat)), s.place)
		default:
			p.IDs[chat] = s.text()
		}
	}
	return p
}

// identifies reports whether a text can be what a chat system knows a person by. Half
// of an id would be written into cards and mention nobody.
func identifies(chat, id string) bool {
	pattern := map[string]string{
		"teams":      `^[^\s<>@]+@[^\s<>@]+$|^[0-9a-fA-F-]{36}$`,
		"slack":      `^[UW][A-Z0-9]{2,}$`,
		"mattermost": `^@?[a-z0-9._-]+$`,
		"rocketchat": `^@?[A-Za-z0-9._-]+$`,
		"discord":    `^[0-9]{5,20}$`,
		"googlechat": `^(users/)?[0-9]+$`,
		"webex":      `^[^\s<>|]+$`,
		"zulip":      `^[^*|]+$`,
		"matrix":     `^@[^:\s]+:\S+$`,
	}[chat]
	return regexp.MustCompile(pattern).MatchString(id)
}

// idDoc says what a chat system knows a person by.
func idDoc(chat string) string {
	return map[string]string{
		"teams":      "it is the person's sign-in name, such as ada@example.com, or object id in Entra",
		"slack":      "it is the member id from the person's profile, such as U024BE7LH",
		"mattermost": "it is the username",
		"rocketchat": "it is the username",
		"discord":    "it is the user id, a number (developer mode, Copy User ID)",
		"googlechat": "it is the user id, a number",
		"webex":      "it is the person's mail address or person id",
		"zulip":      "it is the user id, a number, or the full name",
		"matrix":     "it is the user id, such as @ada:example.com",
	}[chat]
}

// PeopleByConnector returns who has which login at each connector's source, by the
// connector's name.
func (c *Config) PeopleByConnector() People {
	people := make(People)
	for _, source := range c.Connectors {
		if known := c.People[source.Type]; len(known) > 0 {
			people[source.Name] = known
		}
	}
	return people
}
