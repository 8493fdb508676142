package github

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
)

// named returns the team's name for a sentence.
func (t *team) named() string { return "the team " + card.Line(t.Name, maxFact) }

// drawTeam draws events about a team and its permissions.
func drawTeam(p *payload) (card.Happening, bool) {
	t, c := p.Team, p.Changes
	if t == nil || t.Name == "" {
		return card.Happening{}, false
	}
	d := card.Happening{Color: blue, Address: t.HTMLURL, Button: "Open team"}
	did := words(p.Action) + " " + t.named()
	switch p.Action {
	case "", "added_to_repository": // team_add has no action
		did, d.Color, d.Facts = "gave "+t.named()+" access to the repository", green, plainFact("May", t.Permission)
	case "removed_from_repository":
		did, d.Color = "took the repository from "+t.named(), grey
	case "created":
		d.Color, d.Text = green, card.Line(t.Description, maxText)
	case "deleted":
		d.Color = grey
	case "edited":
		switch {
		case c.Name.edited:
			did = "renamed " + t.named()
		case c.Description.edited:
			did, d.Text = "described "+t.named(), card.Line(t.Description, maxText)
		}
		d.Facts = append(plainFact("Before", cmp.Or(c.Name.From, c.Description.From)), changed("Visibility", c.Privacy, t.Privacy)...)
	}
	d.Title = p.who() + " " + did
	return d, true
}

func drawMilestone(p *payload) (card.Happening, bool) {
	m, c := p.Milestone, p.Changes
	if m == nil || m.Title == "" {
		return card.Happening{}, false
	}
	d := card.Happening{Color: blue, Address: m.HTMLURL, Button: "Open milestone", Facts: plainFact("Before", c.Title.From)}
	switch p.Action {
	case "created", "opened":
		d.Color, d.Text = green, prose.Markdown(m.Description, maxText)
	case "closed":
		d.Color = purple
	case "deleted":
		d.Color = grey
	case "edited":
		if c.Description.edited {
			d.Text = prose.Markdown(m.Description, maxText)
		}
	}
	d.Title = fmt.Sprintf("%s %s the milestone %s", p.who(), cmp.Or(words(p.Action), "changed"), card.Line(m.Title, maxTitle))
	if c.Due.edited {
		d.Facts = append(d.Facts, plainFact("Due before", day(c.Due.From))...)
	}
	d.Facts = append(d.Facts, plainFact("Due", day(m.Due))...)
	if all := m.Open + m.Closed; all > 0 {
		d.Facts = append(d.Facts, card.Fact{Name: "Done", Value: fmt.Sprintf("%d of %s", m.Closed, card.Plural(all, "issue"))})
	}
	return d, true
}

func drawLabel(p *payload) (card.Happening, bool) {
	l, c := p.Label, p.Changes
	if l == nil || l.Name == "" {
		return card.Happening{}, false
	}
	d := card.Happening{
		Title: fmt.Sprintf("%s %s the label %s", p.who(), cmp.Or(words(p.Action), "changed"), card.Line(l.Name, maxTitle)), Text: card.Line(l.Description, maxText),
		Color: blue, Address: p.labelsPage(), Button: "Open labels", Facts: plainFact("Before", c.Name.From),
	}
	if p.Action == "deleted" {
		d.Color = grey
	}
	d.Facts = append(d.Facts, changed("Description", c.Description, l.Description)...)
	d.Facts = append(d.Facts, changed("Colour", c.Color, l.Color)...)
	return d, true
}

func (p *payload) labelsPage() string {
	if p.Repository.HTMLURL == "" {
		return ""
	}
	return p.Repository.HTMLURL + "/labels"
}

func drawSponsorship(p *payload) (card.Happening, bool) {
	s, c := p.Sponsorship, p.Changes
	if s == nil {
		return card.Happening{}, false
	}
	who := cmp.Or(card.Line(s.Sponsor.Login, maxFact), p.who())
	tier, before := card.Line(s.Tier.Name, maxFact), card.Line(c.Tier.From.Name, maxFact)
	on := ""
	if at := day(p.Effective); at != "" {
		on = " on " + at
	}
	d := card.Happening{Color: blue, Address: s.Sponsor.HTMLURL, Button: "Open profile"}
	switch p.Action {
	case "created":
		d.Title, d.Color = fmt.Sprintf("%s sponsors %s: %s", who, cmp.Or(card.Line(s.Sponsorable.Login, maxFact), "you"), tier), green
	case "cancelled":
		d.Title, d.Color = fmt.Sprintf("%s ended a sponsorship: %s", who, tier), grey
	case "pending_cancellation":
		d.Title, d.Color = fmt.Sprintf("%s ends a sponsorship%s: %s", who, on, tier), amber
	case "tier_changed":
		d.Title = fmt.Sprintf("%s changed a sponsorship from %s to %s", who, before, tier)
	case "pending_tier_change":
		d.Title = fmt.Sprintf("%s changes a sponsorship from %s to %s%s", who, before, tier, on)
	default:
		d.Title = fmt.Sprintf("%s %s a sponsorship: %s", who, cmp.Or(words(p.Action), "changed"), tier)
	}
	d.Facts = changed("Seen by", c.PrivacyLevel, s.Privacy)
	return d, true
}

// day returns the day of a time; it is empty when there is none.
func day(s string) string {
	s, _, _ = strings.Cut(s, "T")
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return ""
	}
	return at.Format("2 January 2006")
}
