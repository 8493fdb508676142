package github

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

func drawFork(p *payload) (drawing, bool) {
	if p.Forkee == nil {
		return drawing{}, false
	}
	return drawing{
		title: fmt.Sprintf("%s forked the repository to %s", p.who(), card.Line(p.Forkee.FullName, maxFact)), color: grey,
		link: p.Forkee.HTMLURL, label: "Open fork",
	}, true
}

func drawStar(p *payload) (drawing, bool) {
	d := drawing{title: p.who() + " starred the repository", color: amber, link: p.Repository.HTMLURL, label: "Open repository"}
	if p.Action == "deleted" {
		d.title, d.color = p.who()+" took the star away", grey
	}
	if p.Repository.Stars > 0 {
		d.facts = fact("Stars", itoa(p.Repository.Stars))
	}
	return d, true
}

func drawRepository(p *payload) (drawing, bool) {
	verb := words(p.Action)
	switch p.Action {
	case "", "publicized":
		verb = "made public"
	case "privatized":
		verb = "made private"
	}
	d := drawing{
		title: fmt.Sprintf("%s %s the repository %s", p.who(), verb, card.Line(p.Repository.FullName, maxFact)), color: blue,
		link: p.Repository.HTMLURL, label: "Open repository", facts: p.repositoryBefore(),
	}
	if p.Action == "deleted" || p.Action == "archived" {
		d.color = grey
	}
	return d, p.Repository.FullName != ""
}

// repositoryBefore is what a repository was before a change.
func (p *payload) repositoryBefore() []card.Fact {
	c := p.Changes
	facts := plainFact("Before", cmp.Or(c.Repository.Name.From, c.Owner.From.User.Login, c.Owner.From.Organization.Login))
	facts = append(facts, changed("Description", c.Description, p.Repository.Description)...)
	return append(facts, changed("Default branch", c.DefaultBranch, p.Repository.Branch)...)
}

// changed says what a value was and is, if it was edited.
func changed(name string, before was, now string) []card.Fact {
	if !before.edited {
		return nil
	}
	return plainFact(name, cmp.Or(before.From, "nothing")+" → "+cmp.Or(before.To, now, "nothing"))
}

// drawMember is for those who join or leave a repository, a team or an organisation.
func drawMember(p *payload) (drawing, bool) {
	m, what := p.Member, "the repository"
	switch {
	case p.Membership != nil:
		m, what = &p.Membership.User, card.Line(p.Organization.Login, maxFact)
	case p.Team != nil:
		what = p.Team.named()
	}
	if m == nil || m.Login == "" {
		return drawing{}, false
	}
	verb, color := "added %s to %s", green
	if strings.HasSuffix(p.Action, "removed") {
		verb, color = "removed %s from %s", grey
	}
	facts := append(changed("Role", p.Changes.Permission, ""), changed("Role", p.Changes.OldPermission, "")...)
	if p.Action == "edited" {
		verb, color = "changed the role of %s in %s", blue
	} else {
		facts = nil // what a new member may do was nothing before
	}
	return drawing{title: p.who() + " " + fmt.Sprintf(verb, card.Line(m.Login, maxFact), what), color: color, link: m.HTMLURL, label: "Open profile", facts: facts}, true
}

// drawAlert is for security alerts of all sorts.
func drawAlert(p *payload) (drawing, bool) {
	a := p.Alert
	if a == nil {
		return drawing{}, false
	}
	d := drawing{color: red, link: a.HTMLURL, label: "Open alert"}
	var severity string
	switch {
	case a.SecretType != "":
		d.title = "A secret is in the repository: " + card.Line(a.SecretType, maxTitle)
	case a.Rule.Description != "":
		d.title, severity = "Code scanning: "+card.Line(a.Rule.Description, maxTitle), a.Rule.Security
		if severity == "" {
			severity = a.Rule.Severity
		}
	case a.Dependency.Package.Name != "":
		d.title, severity = fmt.Sprintf("%s: %s", card.Line(a.Dependency.Package.Name, maxFact), card.Line(a.Advisory.Summary, maxTitle)), a.Advisory.Severity
		d.facts = plainFact("Ecosystem", a.Dependency.Package.Ecosystem)
	case a.PackageName != "":
		d.title, severity = "Known weakness in "+card.Line(a.PackageName, maxTitle), a.Severity
	default:
		d.title = "Security alert"
	}
	d.facts = append(plainFact("Severity", severity), d.facts...)
	switch p.Action {
	case "fixed", "resolved", "resolve", "closed_by_user", "dismissed", "dismiss":
		d.title, d.color = card.Cut("No longer: "+d.title, maxTitle+20), green
	}
	return d, true
}

func drawAdvisory(p *payload) (drawing, bool) {
	a := p.Advisory
	if a == nil || a.Summary == "" {
		return drawing{}, false
	}
	return drawing{
		title: "Security advisory: " + card.Line(a.Summary, maxTitle), color: red, link: "https://github.com/advisories/" + a.GHSA, label: "Open advisory",
		facts: plainFact("Severity", a.Severity),
	}, true
}
