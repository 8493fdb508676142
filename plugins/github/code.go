package github

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
)

// maxCommits is how many commits a card lists.
const maxCommits = 5

func drawPush(p *payload) (card.Happening, bool) {
	name := card.Line(shortRef(p.Ref), maxFact)
	if strings.HasPrefix(name, mergeQueue) {
		return card.Happening{}, false // the event of the pull request's merge already says so
	}
	d := card.Happening{Color: blue, Address: p.Compare, Button: "Compare"}
	verb := "pushed"
	if p.Forced {
		verb, d.Color = "force-pushed", amber
	}
	what := "to " + name
	if n := len(p.Commits); n > 0 {
		what = card.Plural(n, "commit") + " " + what
	}
	if d.Address == "" && p.After != "" && card.Web(p.Repository.HTMLURL) != "" {
		d.Address, d.Button = p.Repository.HTMLURL+"/commit/"+p.After, "Open commit"
		if p.Before != "" && strings.Trim(p.Before, "0") != "" {
			d.Address, d.Button = p.Repository.HTMLURL+"/compare/"+p.Before+"..."+p.After, "Compare"
		}
	}
	d.Title = fmt.Sprintf("%s %s %s", p.who(), verb, what)
	var lines []string
	shown := p.Commits[max(0, len(p.Commits)-maxCommits):]
	if left := len(p.Commits) - len(shown); left > 0 {
		lines = append(lines, fmt.Sprintf("… and %s before", card.Plural(left, "commit")))
	}
	for _, c := range shown {
		lines = append(lines, commitLine(c))
	}
	d.Text = strings.Join(lines, "\n\n")
	if len(p.Commits) > len(shown) {
		var names []string
		for _, c := range p.Commits {
			names = append(names, c.by())
		}
		d.Facts = plainFact("By", card.Counted(names))
	}
	return d, p.Ref != ""
}

// mergeQueue is the prefix of the branches that GitHub creates in a merge queue.
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

func drawCreate(p *payload) (card.Happening, bool) {
	if p.RefType == "repository" {
		return card.Happening{Title: p.who() + " created the repository", Color: green, Address: p.Repository.HTMLURL, Button: "Open repository"}, true
	}
	d := card.Happening{Title: fmt.Sprintf("%s created %s %s", p.who(), p.refType(), card.Line(p.Ref, maxFact)), Color: green, Button: "Open " + p.refType()}
	if p.Repository.HTMLURL != "" {
		d.Address = p.Repository.HTMLURL + "/tree/" + p.Ref
	}
	return d, p.Ref != "" && !strings.HasPrefix(p.Ref, mergeQueue)
}

func drawDelete(p *payload) (card.Happening, bool) {
	return card.Happening{
		Title: fmt.Sprintf("%s deleted %s %s", p.who(), p.refType(), card.Line(p.Ref, maxFact)), Color: grey,
		Address: p.Repository.HTMLURL, Button: "Open repository",
	}, p.Ref != "" && !strings.HasPrefix(p.Ref, mergeQueue)
}

func (p *payload) refType() string {
	if p.RefType == "tag" {
		return "tag"
	}
	return "branch"
}

func drawPullRequest(p *payload) (card.Happening, bool) {
	pr := p.PullRequest
	if pr == nil {
		return card.Happening{}, false
	}
	d := card.Happening{Address: pr.HTMLURL, Button: "Open pull request", Color: green}
	switch {
	case p.Action == "closed" && pr.Merged:
		d.Color = purple
	case p.Action == "closed":
		d.Color = red
	case p.Action == "opened" && pr.Draft, p.Action == "converted_to_draft":
		d.Color = grey
	}
	if p.Action == "opened" {
		d.Facts = peopleFact("Assigned to", pr.Assignees)
	}
	if p.Action == "opened" || p.Action == "reopened" {
		d.Text = prose.Markdown(pr.Body, maxText)
	}
	p.describe(&d, "pull request "+numbered(pr.Number, pr.Title))
	if pr.Head.Ref != "" && pr.Base.Ref != "" {
		d.Facts = append(d.Facts, plainFact("Branch", pr.Head.from(pr.Base)+" → "+pr.Base.Ref)...)
	}
	if pr.Additions+pr.Deletions > 0 {
		d.Facts = append(d.Facts, card.Fact{Name: "Size", Value: fmt.Sprintf("%s, \\+%d −%d", card.Plural(pr.Files, "file"), pr.Additions, pr.Deletions)})
	}
	d.Facts = append(d.Facts, labelFact(pr.Labels)...)
	return d, true
}

// from returns the branch's name, with its owner when the other branch has a different one.
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

func drawReview(p *payload) (card.Happening, bool) {
	if p.Review == nil || p.PullRequest == nil {
		return card.Happening{}, false
	}
	d := card.Happening{Text: prose.Markdown(p.Review.Body, maxText), Address: p.Review.HTMLURL, Button: "Open review"}
	if d.Address == "" {
		d.Address = p.PullRequest.HTMLURL
	}
	var verb string
	switch state := strings.ToLower(p.Review.State); {
	case p.Action == "dismissed":
		verb, d.Color = "dismissed a review of", grey
	case state == "approved":
		verb, d.Color = "approved", green
	case state == "changes_requested":
		verb, d.Color = "asked for changes to", red
	case p.Review.Body == "":
		return card.Happening{}, false // its comments on lines have events of their own
	default:
		verb, d.Color = "commented on", blue
	}
	d.Title = fmt.Sprintf("%s %s pull request %s", p.who(), verb, numbered(p.PullRequest.Number, p.PullRequest.Title))
	return d, true
}

func drawRelease(p *payload) (card.Happening, bool) {
	r := p.Release
	if r == nil {
		return card.Happening{}, false
	}
	name := r.Name
	if name == "" {
		name = r.TagName
	}
	what := "release"
	if r.Prerelease {
		what = "pre-release"
	}
	return card.Happening{
		Title: fmt.Sprintf("%s %s %s %s", p.who(), words(p.Action), what, card.Line(name, maxTitle)),
		Text:  prose.Markdown(r.Body, maxText), Address: r.HTMLURL, Button: "Open release", Color: green,
		Facts: append(plainFact("Before", p.Changes.Name.From), plainFact("Tag", r.TagName)...),
	}, true
}

func drawPackage(p *payload) (card.Happening, bool) {
	k := p.Package
	if k == nil {
		k = p.Registry
	}
	if k == nil {
		return card.Happening{}, false
	}
	at := k.Version.HTMLURL
	if at == "" {
		at = k.HTMLURL
	}
	return card.Happening{
		Title:   fmt.Sprintf("%s %s package %s %s", p.who(), words(p.Action), card.Line(k.Name, maxFact), card.Line(k.Version.Version, maxFact)),
		Address: at, Button: "Open package", Color: green, Facts: plainFact("Type", strings.ToLower(k.Type)),
	}, true
}
