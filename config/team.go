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
		Attributes: []language.Attribute{{Name: "members", Required: true, Doc: "whose connectors may post to the team's channels"}},
	}
}

func (f *File) team(block *hclsyntax.Block) {
	t := Team{Name: block.Labels[0]}
	f.add(f.check(teamSchema(), block.Body, block.DefRange())...)
	if s, ok := f.read(block.Body, "members", cty.List(cty.String), `a list of members, such as ["dev@example.com"]`); ok {
		for _, v := range s.value.AsValueSlice() {
			if !v.IsNull() {
				t.Members = append(t.Members, v.AsString())
			}
		}
	}
	f.config.Teams = append(f.config.Teams, t)
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
