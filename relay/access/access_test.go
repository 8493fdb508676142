package access

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"ada@example.com": "ada@example.com", " Ada@Example.COM\n": "ada@example.com", "zoë@exämple.com": "zoë@exämple.com",
		"": "", "  ": "", "two words": "", "a\x00b": "", "a\x7fb": "", "\xff": "", strings.Repeat("a", longestName+1): "", LocalName: "",
		// These look like Ada's, in the audit log too.
		"ada@example.com\u200b": "", "ada@example\u00ad.com": "", "\u202eada@example.com": "", "ada\u00a0@example.com": "",
	} {
		// What is no name is not kept, either: whoever signs in may type a megabyte.
		if got, ok := CleanName(name); ok != (want != "") || got != want {
			t.Errorf("%q is %q, %t", name, got, ok)
		}
	}
	for _, two := range [][2]string{{"\u212a@example.com", "k@example.com"}, {"\u017f@example.com", "s@example.com"}, {"É@example.com", "é@example.com"}, {"", ""}} {
		if SameName(two[0], two[1]) {
			t.Errorf("%q and %q are one person", two[0], two[1])
		}
	}
}

func TestRightsAddUp(t *testing.T) {
	r := &Roster{
		Ops: Membership{Members: []string{"Ada@example.com"}, Groups: []string{"g-ops"}}, Readers: Membership{Groups: []string{"g-read"}},
		Teams: []Team{{"red", Membership{Members: []string{"mia@example.com"}, Groups: []string{"g-red"}}}, {"blue", Membership{Groups: []string{"g-blue"}}}},
	}
	for _, c := range []struct {
		name   string
		groups []string
		role   Role
		teams  []string
		// sees and manages are of team red, team blue and what belongs to nobody.
		sees, manages string
	}{
		{"ada@example.com", nil, Ops, nil, "yes yes yes", "yes yes yes"},
		{"mia@example.com", nil, Member, []string{"red"}, "yes no no", "yes no no"},
		{"mia@example.com", []string{"g-blue"}, Member, []string{"red", "blue"}, "yes yes no", "yes yes no"},
		{"mia@example.com", []string{"g-read"}, Reader, []string{"red"}, "yes yes yes", "yes no no"},
		{"rob@example.com", []string{"g-read"}, Reader, nil, "yes yes yes", "no no no"},
		{"rob@example.com", []string{"g-read", "g-ops"}, Ops, nil, "yes yes yes", "yes yes yes"},
		{"eve@example.com", []string{"G-OPS", "", "red"}, "", nil, "no no no", "no no no"},
		{"", nil, "", nil, "no no no", "no no no"},
	} {
		p, ok := r.Person(c.name, c.groups)
		said := func(may func(string) bool) string {
			var words []string
			for _, team := range []string{"red", "blue", ""} {
				words = append(words, map[bool]string{true: "yes", false: "no"}[may(team)])
			}
			return strings.Join(words, " ")
		}
		if p.Role != c.role || !slices.Equal(p.Teams, c.teams) || ok != (c.role != "") || said(p.Sees) != c.sees || said(p.Manages) != c.manages {
			t.Errorf("%s in %v is %q of %v, sees %s, and manages %s", c.name, c.groups, p.Role, p.Teams, said(p.Sees), said(p.Manages))
		}
	}
}
