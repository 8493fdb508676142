package github

import (
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
)

func drawIssue(p *payload) (card.Happening, bool) {
	i := p.Issue
	if i == nil {
		return card.Happening{}, false
	}
	d := card.Happening{Address: i.HTMLURL, Button: "Open issue", Color: green, Facts: labelFact(i.Labels)}
	switch p.Action {
	case "opened":
		d.Facts = append(peopleFact("Assigned to", i.Assignees), d.Facts...)
		if p.Changes.OldRepository != nil { // it arrived by a transfer
			d.Facts = append(plainFact("From", p.Changes.OldRepository.FullName), d.Facts...)
		}
		d.Text = prose.Markdown(i.Body, maxText)
	case "reopened":
		d.Text = prose.Markdown(i.Body, maxText)
	case "closed":
		d.Color = purple
		if i.Reason == "not_planned" || i.Reason == "duplicate" {
			d.Color = grey
		}
	case "deleted":
		d.Color = grey
	}
	p.describe(&d, "issue "+numbered(i.Number, i.Title))
	return d, true
}

// drawComment draws comments on issues, pull requests, commits and discussions.
func drawComment(p *payload) (card.Happening, bool) {
	c := p.Comment
	if c == nil {
		return card.Happening{}, false
	}
	on := "something"
	switch {
	case p.Issue != nil && p.Issue.PullRequest != nil:
		on = "pull request " + numbered(p.Issue.Number, p.Issue.Title)
	case p.Issue != nil:
		on = "issue " + numbered(p.Issue.Number, p.Issue.Title)
	case p.PullRequest != nil:
		on = "pull request " + numbered(p.PullRequest.Number, p.PullRequest.Title)
	case p.Discussion != nil:
		on = "discussion " + numbered(p.Discussion.Number, p.Discussion.Title)
	case c.Commit != "":
		on = "commit " + card.Line(c.Commit[:min(len(c.Commit), 7)], maxFact)
	}
	verb := "commented on"
	if p.Action != "created" && p.Action != "" {
		verb = words(p.Action) + " a comment on"
	}
	d := card.Happening{
		Title: fmt.Sprintf("%s %s %s", p.who(), verb, on), Text: prose.Markdown(c.Body, maxText), Color: blue,
		Address: c.HTMLURL, Button: "Open comment", Facts: plainFact("File", c.Path),
	}
	if p.PullRequest == nil {
		d.Facts = append(d.Facts, p.commitFact(c.Commit, "")...)
	}
	return d, true
}

func drawDiscussion(p *payload) (card.Happening, bool) {
	t := p.Discussion
	if t == nil {
		return card.Happening{}, false
	}
	d := card.Happening{Address: t.HTMLURL, Button: "Open discussion", Color: blue, Facts: plainFact("Category", t.Category.Name)}
	switch p.Action {
	case "created":
		d.Text = prose.Markdown(t.Body, maxText)
	case "answered":
		d.Color = green
		if p.Answer != nil {
			d.Text, d.Address = prose.Markdown(p.Answer.Body, maxText), p.Answer.HTMLURL
		}
	}
	p.describe(&d, "discussion "+numbered(t.Number, t.Title))
	return d, true
}

func drawWiki(p *payload) (card.Happening, bool) {
	if len(p.Pages) == 0 {
		return card.Happening{}, false
	}
	first := p.Pages[0]
	d := card.Happening{Address: first.HTMLURL, Button: "Open page", Color: blue}
	if len(p.Pages) == 1 {
		d.Title = fmt.Sprintf("%s %s the wiki page %s", p.who(), words(first.Action), card.Line(first.Title, maxTitle))
		return d, true
	}
	d.Title = fmt.Sprintf("%s wrote %s of the wiki", p.who(), card.Plural(len(p.Pages), "page"))
	var lines []string
	for _, page := range p.Pages[:min(len(p.Pages), maxCommits)] {
		lines = append(lines, card.Link(page.Title, page.HTMLURL)+" "+words(page.Action))
	}
	d.Text = strings.Join(lines, "\n\n")
	return d, true
}
