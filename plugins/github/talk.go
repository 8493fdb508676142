package github

import (
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
)

func drawIssue(p *payload) (drawing, bool) {
	i := p.Issue
	if i == nil {
		return drawing{}, false
	}
	d := drawing{link: i.HTMLURL, label: "Open issue", color: green, facts: labelFact(i.Labels)}
	switch p.Action {
	case "opened":
		d.facts = append(peopleFact("Assigned to", i.Assignees), d.facts...)
		if p.Changes.OldRepository != nil { // it came by a transfer
			d.facts = append(plainFact("From", p.Changes.OldRepository.FullName), d.facts...)
		}
		d.text = prose.Markdown(i.Body, maxText)
	case "reopened":
		d.text = prose.Markdown(i.Body, maxText)
	case "closed":
		d.color = purple
		if i.Reason == "not_planned" || i.Reason == "duplicate" {
			d.color = grey
		}
	case "deleted":
		d.color = grey
	}
	p.tell(&d, "issue "+numbered(i.Number, i.Title))
	return d, true
}

// drawComment is for comments on issues, pull requests, commits and discussions.
func drawComment(p *payload) (drawing, bool) {
	c := p.Comment
	if c == nil {
		return drawing{}, false
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
	d := drawing{
		title: fmt.Sprintf("%s %s %s", p.who(), verb, on), text: prose.Markdown(c.Body, maxText), color: blue,
		link: c.HTMLURL, label: "Open comment", facts: plainFact("File", c.Path),
	}
	if p.PullRequest == nil {
		d.facts = append(d.facts, p.commitFact(c.Commit, "")...)
	}
	return d, true
}

func drawDiscussion(p *payload) (drawing, bool) {
	t := p.Discussion
	if t == nil {
		return drawing{}, false
	}
	d := drawing{link: t.HTMLURL, label: "Open discussion", color: blue, facts: plainFact("Category", t.Category.Name)}
	switch p.Action {
	case "created":
		d.text = prose.Markdown(t.Body, maxText)
	case "answered":
		d.color = green
		if p.Answer != nil {
			d.text, d.link = prose.Markdown(p.Answer.Body, maxText), p.Answer.HTMLURL
		}
	}
	p.tell(&d, "discussion "+numbered(t.Number, t.Title))
	return d, true
}

func drawWiki(p *payload) (drawing, bool) {
	if len(p.Pages) == 0 {
		return drawing{}, false
	}
	first := p.Pages[0]
	d := drawing{link: first.HTMLURL, label: "Open page", color: blue}
	if len(p.Pages) == 1 {
		d.title = fmt.Sprintf("%s %s the wiki page %s", p.who(), words(first.Action), card.Line(first.Title, maxTitle))
		return d, true
	}
	d.title = fmt.Sprintf("%s wrote %s of the wiki", p.who(), plural(len(p.Pages), "page"))
	var lines []string
	for _, page := range p.Pages[:min(len(p.Pages), maxCommits)] {
		lines = append(lines, card.Link(page.Title, page.HTMLURL)+" "+words(page.Action))
	}
	d.text = strings.Join(lines, "\n\n")
	return d, true
}
