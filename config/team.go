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

// belongs reports whether somebody is a member of a team, by name or by what her last
// sign-in said of her groups. Ops belong everywhere.
func (f *File) belongs(person string, t Team) bool {
	groups := f.seen[strings.ToLower(strings.TrimSpace(person))]
	in := func(list []string) bool {
		return slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(list, g) })
	}
	if t.has(person) || in(t.Groups) {
		return true
	}
	auth := f.config.Dashboard.Auth
	return auth != nil && slices.ContainsFunc(auth.Roles, func(r Role) bool {
		return r.Name == "ops" && (Team{Members: r.Members}.has(person) || in(r.Groups))
	})
}

// has reports whether somebody is a member by name, ignoring case.
func (t Team) has(person string) bool {
	return slices.ContainsFunc(t.Members, func(m string) bool {
		return strings.EqualFold(strings.TrimSpace(m), strings.TrimSpace(person))
	})
}

// suspended finds and reports the channels of the connector's routes that its owner's
// cards may not go to: those of a team that she is not a member of, and all when she is
// no longer a member of the connector's own.
func (f *File) suspended(c Connector, place hcl.Range) map[string]string {
	reasons := make(map[string]string)
	for _, r := range c.Routes {
		for _, name := range r.To {
			teams := []string{c.Team}
			if at := slices.IndexFunc(f.config.Channels, func(ch Channel) bool { return ch.Name == name }); at >= 0 {
				teams = append(teams, f.config.Channels[at].Team)
			}
			for _, team := range teams {
				if team == "" || reasons[name] != "" || f.belongs(c.Owner, f.teamOf(team)) {
					continue
				}
				reasons[name] = fmt.Sprintf("the connector's owner %s is not a member of team %s", c.Owner, team)
				f.warn("Suspended route", fmt.Sprintf("The owner of connector %q is not a member of team.%s, so its cards do not go to channel.%s. Name an owner who is a member, or remove the owner.", c.Name, team, name), place)
			}
		}
	}
	return reasons
}

// teamOf returns the team of a name, which is known.
func (f *File) teamOf(name string) Team {
	return f.config.Teams[slices.IndexFunc(f.config.Teams, func(t Team) bool { return t.Name == name })]
}
