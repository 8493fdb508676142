package github

import (
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

func drawIssue(p *payload) (drawing, bool) {
	i := p.Issue
	if i == nil {
		return drawing{}, false
	}
	d := drawing{link: i.HTMLURL, label: "Open issue", color: green, facts: labelFact(i.Labels)}
	verb := words(p.Action)
	switch p.Action {
	case "opened", "reopened":
		d.text = card.Excerpt(i.Body, maxText)
	case "closed":
		d.color = purple
		if i.Reason == "not_planned" {
			verb, d.color = "closed as not planned", grey
		}
	case "labeled", "unlabeled":
		if p.Label != nil {
			verb += " with " + card.Line(p.Label.Name, maxFact)
		}
	case "assigned", "unassigned":
		if p.Assignee != nil {
			verb += " " + card.Mention(p.Assignee.Login, "") + " on"
		}
	}
	d.title = fmt.Sprintf("%s %s issue %s", p.who(), verb, numbered(i.Number, i.Title))
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
	return drawing{
		title: fmt.Sprintf("%s %s %s", p.who(), verb, on), text: card.Excerpt(c.Body, maxText), color: blue,
		link: c.HTMLURL, label: "Open comment", facts: plainFact("File", c.Path),
	}, true
}

func drawDiscussion(p *payload) (drawing, bool) {
	t := p.Discussion
	if t == nil {
		return drawing{}, false
	}
	d := drawing{link: t.HTMLURL, label: "Open discussion", color: blue, facts: plainFact("Category", t.Category.Name)}
	verb := words(p.Action)
	switch p.Action {
	case "created":
		verb, d.text = "started", card.Excerpt(t.Body, maxText)
	case "answered":
		d.color = green
		if p.Answer != nil {
			d.text, d.link = card.Excerpt(p.Answer.Body, maxText), p.Answer.HTMLURL
		}
	}
	d.title = fmt.Sprintf("%s %s discussion %s", p.who(), verb, numbered(t.Number, t.Title))
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
