package github

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

func drawFork(p *payload) (card.Happening, bool) {
	if p.Forkee == nil {
		return card.Happening{}, false
	}
	return card.Happening{
		Title: fmt.Sprintf("%s forked the repository to %s", p.who(), card.Line(p.Forkee.FullName, maxFact)), Color: grey,
		Address: p.Forkee.HTMLURL, Button: "Open fork",
	}, true
}

func drawStar(p *payload) (card.Happening, bool) {
	d := card.Happening{Title: p.who() + " starred the repository", Color: amber, Address: p.Repository.HTMLURL, Button: "Open repository"}
	if p.Action == "deleted" {
		d.Title, d.Color = p.who()+" took the star away", grey
	}
	if p.Repository.Stars > 0 {
		d.Facts = fact("Stars", itoa(p.Repository.Stars))
	}
	return d, true
}

func drawRepository(p *payload) (card.Happening, bool) {
	verb := words(p.Action)
	switch p.Action {
	case "", "publicized":
		verb = "made public"
	case "privatized":
		verb = "made private"
	}
	d := card.Happening{
		Title: fmt.Sprintf("%s %s the repository %s", p.who(), verb, card.Line(p.Repository.FullName, maxFact)), Color: blue,
		Address: p.Repository.HTMLURL, Button: "Open repository", Facts: p.repositoryBefore(),
	}
	if p.Action == "deleted" || p.Action == "archived" {
		d.Color = grey
	}
	return d, p.Repository.FullName != ""
}

// repositoryBefore returns what a repository was called, or whose it was, before a change.
func (p *payload) repositoryBefore() []card.Fact {
	c := p.Changes
	facts := plainFact("Before", cmp.Or(c.Repository.Name.From, c.Owner.From.User.Login, c.Owner.From.Organization.Login))
	facts = append(facts, changed("Description", c.Description, p.Repository.Description)...)
	return append(facts, changed("Default branch", c.DefaultBranch, p.Repository.Branch)...)
}

// changed returns a value before and after, if it was edited.
func changed(name string, before was, now string) []card.Fact {
	if !before.edited {
		return nil
	}
	return plainFact(name, cmp.Or(before.From, "nothing")+" → "+cmp.Or(before.To, now, "nothing"))
}

// drawMember draws events about people who join or leave a repository, a team or an
// organisation.
func drawMember(p *payload) (card.Happening, bool) {
	m, what := p.Member, "the repository"
	switch {
	case p.Membership != nil:
		m, what = &p.Membership.User, card.Line(p.Organization.Login, maxFact)
	case p.Team != nil:
		what = p.Team.named()
	}
	if m == nil || m.Login == "" {
		return card.Happening{}, false
	}
	verb, color := "added %s to %s", green
	if strings.HasSuffix(p.Action, "removed") {
		verb, color = "removed %s from %s", grey
	}
	facts := append(changed("Role", p.Changes.Permission, ""), changed("Role", p.Changes.OldPermission, "")...)
	if p.Action == "edited" {
		verb, color = "changed the role of %s in %s", blue
	} else {
		facts = nil // a new member had no permission before
	}
	return card.Happening{Title: p.who() + " " + fmt.Sprintf(verb, card.Line(m.Login, maxFact), what), Color: color, Address: m.HTMLURL, Button: "Open profile", Facts: facts}, true
}

// drawAlert draws security alerts of all sorts.
func drawAlert(p *payload) (card.Happening, bool) {
	a := p.Alert
	if a == nil {
		return card.Happening{}, false
	}
	d := card.Happening{Color: red, Address: a.HTMLURL, Button: "Open alert"}
	var severity string
	switch {
	case a.SecretType != "":
		d.Title = "A secret is in the repository: " + card.Line(a.SecretType, maxTitle)
	case a.Rule.Description != "":
		d.Title, severity = "Code scanning: "+card.Line(a.Rule.Description, maxTitle), a.Rule.Security
		if severity == "" {
			severity = a.Rule.Severity
		}
	case a.Dependency.Package.Name != "":
		d.Title, severity = fmt.Sprintf("%s: %s", card.Line(a.Dependency.Package.Name, maxFact), card.Line(a.Advisory.Summary, maxTitle)), a.Advisory.Severity
		d.Facts = plainFact("Ecosystem", a.Dependency.Package.Ecosystem)
	case a.PackageName != "":
		d.Title, severity = "Known weakness in "+card.Line(a.PackageName, maxTitle), a.Severity
	default:
		d.Title = "Security alert"
	}
	d.Facts = append(plainFact("Severity", severity), d.Facts...)
	switch p.Action {
	case "fixed", "resolved", "resolve", "closed_by_user", "dismissed", "dismiss":
		d.Title, d.Color = card.Cut("No longer: "+d.Title, maxTitle+20), green
	}
	return d, true
}

func drawAdvisory(p *payload) (card.Happening, bool) {
	a := p.Advisory
	if a == nil || a.Summary == "" {
		return card.Happening{}, false
	}
	return card.Happening{
		Title: "Security advisory: " + card.Line(a.Summary, maxTitle), Color: red, Address: "https://github.com/advisories/" + a.GHSA, Button: "Open advisory",
		Facts: plainFact("Severity", a.Severity),
	}, true
}
