package github

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
)

// named is the team in words.
func (t *team) named() string { return "the team " + card.Line(t.Name, maxFact) }

// drawTeam is for a team and what it may do.
func drawTeam(p *payload) (drawing, bool) {
	t, c := p.Team, p.Changes
	if t == nil || t.Name == "" {
		return drawing{}, false
	}
	d := drawing{color: blue, link: t.HTMLURL, label: "Open team"}
	did := words(p.Action) + " " + t.named()
	switch p.Action {
	case "", "added_to_repository": // team_add has no action
		did, d.color, d.facts = "gave "+t.named()+" access to the repository", green, plainFact("May", t.Permission)
	case "removed_from_repository":
		did, d.color = "took the repository from "+t.named(), grey
	case "created":
		d.color, d.text = green, card.Line(t.Description, maxText)
	case "deleted":
		d.color = grey
	case "edited":
		switch {
		case c.Name.edited:
			did = "renamed " + t.named()
		case c.Description.edited:
			did, d.text = "described "+t.named(), card.Line(t.Description, maxText)
		}
		d.facts = append(plainFact("Before", cmp.Or(c.Name.From, c.Description.From)), changed("Visibility", c.Privacy, t.Privacy)...)
	}
	d.title = p.who() + " " + did
	return d, true
}

func drawMilestone(p *payload) (drawing, bool) {
	m, c := p.Milestone, p.Changes
	if m == nil || m.Title == "" {
		return drawing{}, false
	}
	d := drawing{color: blue, link: m.HTMLURL, label: "Open milestone", facts: plainFact("Before", c.Title.From)}
	switch p.Action {
	case "created", "opened":
		d.color, d.text = green, prose.Markdown(m.Description, maxText)
	case "closed":
		d.color = purple
	case "deleted":
		d.color = grey
	case "edited":
		if c.Description.edited {
			d.text = prose.Markdown(m.Description, maxText)
		}
	}
	d.title = fmt.Sprintf("%s %s the milestone %s", p.who(), cmp.Or(words(p.Action), "changed"), card.Line(m.Title, maxTitle))
	if c.Due.edited {
		d.facts = append(d.facts, plainFact("Due before", day(c.Due.From))...)
	}
	d.facts = append(d.facts, plainFact("Due", day(m.Due))...)
	if all := m.Open + m.Closed; all > 0 {
		d.facts = append(d.facts, card.Fact{Name: "Done", Value: fmt.Sprintf("%d of %s", m.Closed, plural(all, "issue"))})
	}
	return d, true
}

func drawLabel(p *payload) (drawing, bool) {
	l, c := p.Label, p.Changes
	if l == nil || l.Name == "" {
		return drawing{}, false
	}
	d := drawing{
		title: fmt.Sprintf("%s %s the label %s", p.who(), cmp.Or(words(p.Action), "changed"), card.Line(l.Name, maxTitle)), text: card.Line(l.Description, maxText),
		color: blue, link: p.labelsPage(), label: "Open labels", facts: plainFact("Before", c.Name.From),
	}
	if p.Action == "deleted" {
		d.color = grey
	}
	d.facts = append(d.facts, changed("Description", c.Description, l.Description)...)
	d.facts = append(d.facts, changed("Colour", c.Color, l.Color)...)
	return d, true
}

func (p *payload) labelsPage() string {
	if p.Repository.HTMLURL == "" {
		return ""
	}
	return p.Repository.HTMLURL + "/labels"
}

func drawSponsorship(p *payload) (drawing, bool) {
	s, c := p.Sponsorship, p.Changes
	if s == nil {
		return drawing{}, false
	}
	who := cmp.Or(card.Line(s.Sponsor.Login, maxFact), p.who())
	tier, before := card.Line(s.Tier.Name, maxFact), card.Line(c.Tier.From.Name, maxFact)
	on := ""
	if at := day(p.Effective); at != "" {
		on = " on " + at
	}
	d := drawing{color: blue, link: s.Sponsor.HTMLURL, label: "Open profile"}
	switch p.Action {
	case "created":
		d.title, d.color = fmt.Sprintf("%s sponsors %s: %s", who, cmp.Or(card.Line(s.Sponsorable.Login, maxFact), "you"), tier), green
	case "cancelled":
		d.title, d.color = fmt.Sprintf("%s ended a sponsorship: %s", who, tier), grey
	case "pending_cancellation":
		d.title, d.color = fmt.Sprintf("%s ends a sponsorship%s: %s", who, on, tier), amber
	case "tier_changed":
		d.title = fmt.Sprintf("%s changed a sponsorship from %s to %s", who, before, tier)
	case "pending_tier_change":
		d.title = fmt.Sprintf("%s changes a sponsorship from %s to %s%s", who, before, tier, on)
	default:
		d.title = fmt.Sprintf("%s %s a sponsorship: %s", who, cmp.Or(words(p.Action), "changed"), tier)
	}
	d.facts = changed("Seen by", c.PrivacyLevel, s.Privacy)
	return d, true
}

// day is the day of a time; empty when it is none.
func day(s string) string {
	s, _, _ = strings.Cut(s, "T")
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return ""
	}
	return at.Format("2 January 2006")
}
