package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/access/password"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// Auth is how people sign in to the dashboard, and what they may do there.
type Auth struct {
	// OIDC is where they sign in; nil means only here.
	OIDC *OIDC
	// Users sign in here, with a password.
	Users []User
	// Roles are held besides the membership of teams.
	Roles []Role
	// Session is how long a sign-in lasts.
	Session time.Duration
}

// OIDC is an OpenID Connect provider.
type OIDC struct {
	Issuer, ClientID string
	// ClientSecret is zero for a public client.
	ClientSecret secret.Value
	// NameClaim holds the name by which roles and teams know somebody, GroupsClaim the
	// groups that she is in.
	NameClaim, GroupsClaim string
}

// User is somebody who signs in with a password.
type User struct {
	// Name is what roles and teams know her by, usually a mail address; capital letters
	// make no difference.
	Name string
	// Password is its argon2id hash, as `relay password` prints it.
	Password secret.Value
}

// Role says who has "ops" or "reader".
type Role struct {
	Name            string
	Members, Groups []string
}

// Secrets returns the secrets of signing in.
func (d Dashboard) Secrets() []secret.Value {
	if d.Auth == nil {
		return nil
	}
	var list []secret.Value
	if d.Auth.OIDC != nil {
		list = append(list, d.Auth.OIDC.ClientSecret)
	}
	for _, u := range d.Auth.Users {
		list = append(list, u.Password)
	}
	return list
}

const (
	defaultSession = 12 * time.Hour
	longestSession = 90 * 24 * time.Hour
)

func authSchema() language.Schema {
	return language.Schema{
		Title:      "an auth block",
		Attributes: []language.Attribute{{Name: "session"}},
		Blocks: []language.Block{
			{Name: "oidc", Once: true}, {Name: "user", Labels: []string{"NAME"}}, {Name: "role", Labels: []string{"ROLE"}},
		},
	}
}

func (f *File) auth(block *hclsyntax.Block) *Auth {
	f.add(f.check(authSchema(), block.Body, block.DefRange())...)
	a := &Auth{Session: f.readDuration(block.Body, "session", time.Minute, defaultSession)}
	if a.Session > longestSession {
		f.error("Duration too long", "The attribute session must be at most \"90d\".", block.Body.Attributes["session"].Expr.Range())
	}
	var users []hcl.Range
	for _, b := range block.Body.Blocks {
		switch {
		case b.Type == "oidc" && a.OIDC == nil:
			a.OIDC = f.oidc(b)
		case b.Type == "user" && len(b.Labels) == 1:
			a.Users, users = append(a.Users, f.user(b, a.Users)), append(users, b.LabelRanges[0])
		case b.Type == "role" && len(b.Labels) == 1:
			a.Roles = append(a.Roles, f.role(b, a.Roles))
		}
	}
	if a.OIDC == nil && len(a.Users) == 0 {
		f.error("Nobody can sign in", "An auth block has an oidc block or user blocks: where, or with which password, people sign in.", block.DefRange())
	}
	if !slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Name == "ops" && len(r.Members)+len(r.Groups) > 0 }) {
		f.warn("Nobody is ops", "Without role \"ops\" { members = […] } nobody may do on the dashboard what concerns the whole relay, such as to reload it.", block.DefRange())
	}
	for i, u := range a.Users {
		has := func(members []string) bool { return Team{Members: members}.has(u.Name) }
		if !slices.ContainsFunc(a.Roles, func(r Role) bool { return has(r.Members) }) && !slices.ContainsFunc(f.config.Teams, func(t Team) bool { return has(t.Members) }) {
			f.warn("User without a role", fmt.Sprintf("%q has no role and is in no team, so the dashboard shows her nothing. Name her among the members of a role or a team.", u.Name), users[i])
		}
	}
	return a
}

func (f *File) oidc(block *hclsyntax.Block) *OIDC {
	body, o := block.Body, &OIDC{NameClaim: "email", GroupsClaim: "groups"}
	f.add(f.check(language.Schema{Title: "an oidc block", Attributes: []language.Attribute{
		{Name: "issuer", Required: true, Doc: "the provider's URL, as its discovery document names it"},
		{Name: "client_id", Required: true, Doc: "the relay's id with the provider"},
		{Name: "client_secret"},
		{Name: "name_claim"},
		{Name: "groups_claim"},
	}}, body, block.DefRange())...)
	if s, ok := f.readText(body, "issuer", `a URL such as "https://login.microsoftonline.com/TENANT/v2.0"`); ok {
		o.Issuer = f.issuer(s)
	}
	for name, value := range map[string]*string{"client_id": &o.ClientID, "name_claim": &o.NameClaim, "groups_claim": &o.GroupsClaim} {
		if s, ok := f.readText(body, name, "a text"); ok {
			if *value = s.text(); strings.TrimSpace(*value) == "" {
				f.error("Empty text", fmt.Sprintf("The attribute %s is empty.", name), s.place)
			}
		}
	}
	if s, ok := f.readSecret(body, "client_secret", "a text"); ok {
		o.ClientSecret = s.value
		f.warnLiteral("client_secret", s)
	}
	return o
}

// issuer checks a provider's URL. Whoever can change what comes from it is anybody.
func (f *File) issuer(s setting) string {
	u, err := connector.ParseURL(s.text())
	switch {
	case err != nil || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		f.error("Not a URL", fmt.Sprintf("The attribute issuer cannot be %s. Write the provider's URL, such as \"https://login.microsoftonline.com/TENANT/v2.0\".", s.shown()), s.place)
	case u.Scheme == "http" && !loopbackHost(u.Hostname()):
		f.error("Issuer without TLS", "Over http:// anybody on the way could say who somebody is. Write https://.", s.place)
	case u.Host == "login.microsoftonline.com" && slices.Contains([]string{"common", "consumers", "organizations"}, strings.Split(u.Path+"/", "/")[1]): //nolint:misspell // Microsoft's spelling
		f.error("Issuer for everybody", "Under this address people of every organisation sign in, and their own administrators choose the mail addresses. Write your tenant's id in its place.", s.place)
	default:
		return s.text()
	}
	return ""
}

func (f *File) user(block *hclsyntax.Block, before []User) User {
	u := User{Name: strings.TrimSpace(block.Labels[0])}
	f.add(f.check(language.Schema{Title: "a user block", Attributes: []language.Attribute{
		{Name: "password", Required: true, Doc: "what `relay password` prints"},
	}}, block.Body, block.DefRange())...)
	switch {
	case u.Name == "" || strings.ContainsFunc(u.Name, func(r rune) bool { return r <= ' ' }) || len(u.Name) > 254:
		f.error("Unusable name", "The name of a user is what roles and teams name her by, such as \"ada@example.com\".", block.LabelRanges[0])
	case slices.ContainsFunc(before, func(o User) bool { return strings.EqualFold(o.Name, u.Name) }):
		f.error("Duplicate name", fmt.Sprintf("There is already a user %q; capital letters make no difference. Remove one of the two.", u.Name), block.LabelRanges[0])
	}
	if s, ok := f.readSecret(block.Body, "password", "a text, what `relay password` prints"); ok {
		u.Password = s.value
		f.warnLiteral("password", s)
		text, err := s.value.Reveal()
		if err == nil {
			_, err = password.Parse(strings.TrimSpace(text))
		}
		if err != nil {
			f.error("Not a password hash", fmt.Sprintf("The attribute password takes an argon2id hash, and this is none that can be used: %s.", err), s.place)
		}
	}
	return u
}

func (f *File) role(block *hclsyntax.Block, before []Role) Role {
	r := Role{Name: block.Labels[0]}
	f.add(f.check(language.Schema{Title: "a role block", Attributes: []language.Attribute{{Name: "members"}, {Name: "groups"}}}, block.Body, block.DefRange())...)
	switch {
	case r.Name == "member":
		f.error("Unknown role", "Who is in a team is a member. Write team \"NAME\" { members = […] } outside the dashboard block.", block.LabelRanges[0])
	case r.Name != "ops" && r.Name != "reader":
		f.error("Unknown role", fmt.Sprintf("There is no role %q.%s", r.Name, language.DidYouMean(r.Name, []string{"ops", "reader"})), block.LabelRanges[0])
	case slices.ContainsFunc(before, func(o Role) bool { return o.Name == r.Name }):
		f.error("Duplicate name", fmt.Sprintf("There is already a role %q. Merge the two.", r.Name), block.LabelRanges[0])
	}
	r.Members, r.Groups = f.membership(block, "who has the role")
	return r
}
