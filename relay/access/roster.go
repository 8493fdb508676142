package access

import "slices"

// Roster is who may use a relay, by its configuration. It does not change.
type Roster struct {
	Ops, Readers Membership
	Teams        []Team
}

// Team is a team and who is in it.
type Team struct {
	Name string
	Membership
}

// Membership is who has a role or is in a team: the members by their names, and everybody
// whom the last sign-in said to be in one of the groups.
type Membership struct{ Members, Groups []string }

func (m Membership) has(name string, groups []string) bool {
	return slices.ContainsFunc(m.Members, func(member string) bool { return SameName(member, name) }) ||
		slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(m.Groups, g) })
}

// Person returns somebody with the rights that she has now. It is false for who has none.
func (r *Roster) Person(name string, groups []string) (Person, bool) {
	p := Person{Name: name, Scopes: Everything()}
	for _, t := range r.Teams {
		if t.has(name, groups) {
			p.Teams = append(p.Teams, t.Name)
		}
	}
	switch {
	case r.Ops.has(name, groups):
		p.Role = Ops
	case r.Readers.has(name, groups):
		p.Role = Reader
	case len(p.Teams) > 0:
		p.Role = Member
	}
	return p, p.Role != ""
}
