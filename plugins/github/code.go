package github

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
)

// maxCommits is how many commits a card names.
const maxCommits = 5

func drawPush(p *payload) (drawing, bool) {
	name := card.Line(shortRef(p.Ref), maxFact)
	if strings.HasPrefix(name, mergeQueue) {
		return drawing{}, false // the pull request's merge tells of it
	}
	d := drawing{color: blue, link: p.Compare, label: "Compare"}
	verb := "pushed"
	if p.Forced {
		verb, d.color = "force-pushed", amber
	}
	what := "to " + name
	if n := len(p.Commits); n > 0 {
		what = plural(n, "commit") + " " + what
	}
	if d.link == "" && p.After != "" && card.Web(p.Repository.HTMLURL) != "" {
		d.link, d.label = p.Repository.HTMLURL+"/commit/"+p.After, "Open commit"
		if p.Before != "" && strings.Trim(p.Before, "0") != "" {
			d.link, d.label = p.Repository.HTMLURL+"/compare/"+p.Before+"..."+p.After, "Compare"
		}
	}
	d.title = fmt.Sprintf("%s %s %s", p.who(), verb, what)
	var lines []string
	shown := p.Commits[max(0, len(p.Commits)-maxCommits):]
	if left := len(p.Commits) - len(shown); left > 0 {
		lines = append(lines, fmt.Sprintf("… and %s before", plural(left, "commit")))
	}
	for _, c := range shown {
		lines = append(lines, commitLine(c))
	}
	d.text = strings.Join(lines, "\n\n")
	if len(p.Commits) > len(shown) {
		var names []string
		for _, c := range p.Commits {
			names = append(names, c.by())
		}
		d.facts = plainFact("By", card.Counted(names))
	}
	return d, p.Ref != ""
}

// mergeQueue begins the names of the branches that GitHub makes in a merge queue.
const mergeQueue = "gh-readonly-queue/"

func (c commit) by() string { return cmp.Or(c.Author.Username, c.Author.Name) }

func commitLine(c commit) string {
	subject, _, _ := strings.Cut(strings.TrimSpace(c.Message), "\n")
	text := card.Link(c.ID[:min(len(c.ID), 7)], c.URL) + " " + card.Line(subject, maxTitle)
	if by := c.by(); by != "" {
		text += " – " + card.Line(by, maxFact)
	}
	return text
}

func drawCreate(p *payload) (drawing, bool) {
	if p.RefType == "repository" {
		return drawing{title: p.who() + " created the repository", color: green, link: p.Repository.HTMLURL, label: "Open repository"}, true
	}
	d := drawing{title: fmt.Sprintf("%s created %s %s", p.who(), p.refType(), card.Line(p.Ref, maxFact)), color: green, label: "Open " + p.refType()}
	if p.Repository.HTMLURL != "" {
		d.link = p.Repository.HTMLURL + "/tree/" + p.Ref
	}
	return d, p.Ref != "" && !strings.HasPrefix(p.Ref, mergeQueue)
}

func drawDelete(p *payload) (drawing, bool) {
	return drawing{
		title: fmt.Sprintf("%s deleted %s %s", p.who(), p.refType(), card.Line(p.Ref, maxFact)), color: grey,
		link: p.Repository.HTMLURL, label: "Open repository",
	}, p.Ref != "" && !strings.HasPrefix(p.Ref, mergeQueue)
}

func (p *payload) refType() string {
	if p.RefType == "tag" {
		return "tag"
	}
	return "branch"
}

func drawPullRequest(p *payload) (drawing, bool) {
	pr := p.PullRequest
	if pr == nil {
		return drawing{}, false
	}
	d := drawing{link: pr.HTMLURL, label: "Open pull request", color: green}
	switch {
	case p.Action == "closed" && pr.Merged:
		d.color = purple
	case p.Action == "closed":
		d.color = red
	case p.Action == "opened" && pr.Draft, p.Action == "converted_to_draft":
		d.color = grey
	}
	if p.Action == "opened" {
		d.facts = peopleFact("Assigned to", pr.Assignees)
	}
	if p.Action == "opened" || p.Action == "reopened" {
		d.text = prose.Markdown(pr.Body, maxText)
	}
	p.tell(&d, "pull request "+numbered(pr.Number, pr.Title))
	if pr.Head.Ref != "" && pr.Base.Ref != "" {
		d.facts = append(d.facts, plainFact("Branch", pr.Head.from(pr.Base)+" → "+pr.Base.Ref)...)
	}
	if pr.Additions+pr.Deletions > 0 {
		d.facts = append(d.facts, card.Fact{Name: "Size", Value: fmt.Sprintf("%s, \\+%d −%d", plural(pr.Files, "file"), pr.Additions, pr.Deletions)})
	}
	d.facts = append(d.facts, labelFact(pr.Labels)...)
	return d, true
}

// from is the branch's name, with its owner where the other branch has another one.
func (b branch) from(other branch) string {
	owner, _, known := strings.Cut(b.Label, ":")
	if base, _, ok := strings.Cut(other.Label, ":"); known && ok && owner != base {
		return b.Label
	}
	return b.Ref
}

func numbered(n int, title string) string {
	if title == "" {
		return fmt.Sprintf("\\#%d", n)
	}
	return fmt.Sprintf("\\#%d: %s", n, card.Line(title, maxTitle))
}

func labelFact(list []named) []card.Fact {
	var names []string
	for _, l := range list {
		names = append(names, l.Name)
	}
	return plainFact("Labels", strings.Join(names, ", "))
}

func drawReview(p *payload) (drawing, bool) {
	if p.Review == nil || p.PullRequest == nil {
		return drawing{}, false
	}
	d := drawing{text: prose.Markdown(p.Review.Body, maxText), link: p.Review.HTMLURL, label: "Open review"}
	if d.link == "" {
		d.link = p.PullRequest.HTMLURL
	}
	var verb string
	switch state := strings.ToLower(p.Review.State); {
	case p.Action == "dismissed":
		verb, d.color = "dismissed a review of", grey
	case state == "approved":
		verb, d.color = "approved", green
	case state == "changes_requested":
		verb, d.color = "asked for changes to", red
	case p.Review.Body == "":
		return drawing{}, false // its comments on lines tell of themselves
	default:
		verb, d.color = "commented on", blue
	}
	d.title = fmt.Sprintf("%s %s pull request %s", p.who(), verb, numbered(p.PullRequest.Number, p.PullRequest.Title))
	return d, true
}

func drawRelease(p *payload) (drawing, bool) {
	r := p.Release
	if r == nil {
		return drawing{}, false
	}
	name := r.Name
	if name == "" {
		name = r.TagName
	}
	what := "release"
	if r.Prerelease {
		what = "pre-release"
	}
	return drawing{
		title: fmt.Sprintf("%s %s %s %s", p.who(), words(p.Action), what, card.Line(name, maxTitle)),
		text:  prose.Markdown(r.Body, maxText), link: r.HTMLURL, label: "Open release", color: green,
		facts: append(plainFact("Before", p.Changes.Name.From), plainFact("Tag", r.TagName)...),
	}, true
}

func drawPackage(p *payload) (drawing, bool) {
	k := p.Package
	if k == nil {
		k = p.Registry
	}
	if k == nil {
		return drawing{}, false
	}
	at := k.Version.HTMLURL
	if at == "" {
		at = k.HTMLURL
	}
	return drawing{
		title: fmt.Sprintf("%s %s package %s %s", p.who(), words(p.Action), card.Line(k.Name, maxFact), card.Line(k.Version.Version, maxFact)),
		link:  at, label: "Open package", color: green, facts: plainFact("Type", strings.ToLower(k.Type)),
	}, true
}
