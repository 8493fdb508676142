package config

import (
	"fmt"
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

func (f *File) loginSchema() language.Schema {
	s := language.Schema{Title: "a login block", Attributes: []language.Attribute{{Name: "name"}}}
	for _, system := range f.systems {
		if system.Person != nil {
			s.Attributes = append(s.Attributes, language.Attribute{Name: system.Name})
		}
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
	f.add(f.check(f.loginSchema(), block.Body, block.DefRange())...)
	p := Person{IDs: make(map[string]string)}
	if s, ok := f.readText(block.Body, "name", "a name"); ok {
		p.Name = s.text()
	}
	for _, system := range f.systems {
		if system.Person == nil {
			continue
		}
		id, ok := f.readText(block.Body, system.Name, "what "+system.Name+" knows the person by")
		switch {
		case !ok:
		case !system.Person.Pattern.MatchString(id.text()):
			f.error("Not an id", fmt.Sprintf("The attribute %s cannot be %s: %s.", system.Name, id.shown(), system.Person.Doc), id.place)
		default:
			p.IDs[system.Name] = id.text()
		}
	}
	return p
}

// PeopleByConnector returns who has which login at each connector's source, by the
// connector's name.
func (c *Config) PeopleByConnector() People {
	people := make(People)
	for _, connector := range c.Connectors {
		if known := c.People[connector.Type]; len(known) > 0 {
			people[connector.Name] = known
		}
	}
	return people
}
