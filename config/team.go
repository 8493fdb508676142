package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/route/language"
)

func teamSchema() language.Schema {
	return language.Schema{
		Title:      "a team block",
		Attributes: []language.Attribute{{Name: "members"}, {Name: "groups"}},
	}
}

func (f *File) team(block *hclsyntax.Block) {
	t := Team{Name: block.Labels[0], Range: block.DefRange()}
	f.add(f.check(teamSchema(), block.Body, block.DefRange())...)
	t.Members, t.Groups = f.membership(block, "whose connectors may post to the team's channels")
	f.config.Teams = append(f.config.Teams, t)
}

// membership reads who belongs to a team or a role: people by their names, and groups by
// what the claims of a sign-in call them.
func (f *File) membership(block *hclsyntax.Block, doc string) (members, groups []string) {
	body := block.Body
	if body.Attributes["members"] == nil && body.Attributes["groups"] == nil {
		f.error("Missing attribute", fmt.Sprintf("The attribute \"members\" or \"groups\" is required here: %s.", doc), block.DefRange())
	}
	members = f.readTexts(body, "members", `a list of members, such as ["dev@example.com"]`)
	groups = f.readTexts(body, "groups", `a list of groups as the sign-in's claims name them, such as ["6f1c…"]`)
	if len(groups) > 0 {
		f.grouped = append(f.grouped, body.Attributes["groups"].NameRange)
	}
	return members, groups
}

// readTexts reads a list of texts.
func (f *File) readTexts(body *hclsyntax.Body, name, words string) []string {
	var list []string
	if s, ok := f.read(body, name, cty.List(cty.String), words); ok {
		for _, v := range s.value.AsValueSlice() {
			if !v.IsNull() {
				list = append(list, v.AsString())
			}
		}
	}
	return list
}

// has reports whether somebody is a member, ignoring case.
func (t Team) has(person string) bool {
	return slices.ContainsFunc(t.Members, func(m string) bool {
		return strings.EqualFold(strings.TrimSpace(m), strings.TrimSpace(person))
	})
}

// suspended finds and reports the channels of the connector's routes that belong to a
// team that its owner is not a member of.
func (f *File) suspended(c Connector, place hcl.Range) map[string]string {
	reasons := make(map[string]string)
	for _, r := range c.Routes {
		for _, name := range r.To {
			at := slices.IndexFunc(f.config.Channels, func(ch Channel) bool { return ch.Name == name })
			if at < 0 || f.config.Channels[at].Team == "" || reasons[name] != "" {
				continue
			}
			team := f.config.Teams[slices.IndexFunc(f.config.Teams, func(t Team) bool { return t.Name == f.config.Channels[at].Team })]
			if team.has(c.Owner) {
				continue
			}
			reasons[name] = fmt.Sprintf("the connector's owner %s is not a member of team %s", c.Owner, team.Name)
			f.warn("Suspended route", fmt.Sprintf("The owner of connector %q is not a member of team.%s, so its cards do not go to channel.%s. Name an owner who is a member, or remove the owner.", c.Name, team.Name, name), place)
		}
	}
	return reasons
}
