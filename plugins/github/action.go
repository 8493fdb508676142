package github

import (
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
)

// describe fills in what was done to an issue, a pull request or a discussion: the title,
// and the facts and the text that belong to it.
func (p *payload) describe(d *card.Happening, what string) {
	d.Title = p.who() + " " + p.did(d, what)
}

// did returns what somebody did, to what, with what, and from where.
func (p *payload) did(d *card.Happening, what string) string {
	switch p.Action {
	case "assigned", "unassigned":
		if p.Assignee != nil {
			return p.moved(card.Mention(p.Assignee.Login, ""), what, "assigned", "unassigned")
		}
	case "labeled", "unlabeled":
		if p.Label != nil {
			return p.moved("the label "+card.Line(p.Label.Name, maxFact), what, "added", "removed")
		}
	case "milestoned", "demilestoned":
		if m := p.Milestone; m != nil {
			d.Facts = append(fact("Milestone", card.Link(m.Title, m.HTMLURL)), d.Facts...)
			return p.moved("the milestone "+card.Line(m.Title, maxFact), what, "added", "removed")
		}
	case "review_requested":
		return "asked " + p.reviewer() + " to review " + what
	case "review_request_removed":
		return "no longer asks " + p.reviewer() + " to review " + what
	case "edited":
		return p.edited(d, what)
	case "locked":
		d.Facts = append(plainFact("Reason", p.lock()), d.Facts...)
	case "transferred":
		p.transferred(d)
	case "category_changed":
		d.Facts = append(plainFact("Before", p.Changes.Category.From.Name), d.Facts...)
		return "changed the category of " + what
	case "dequeued":
		d.Facts = append(plainFact("Reason", strings.ToLower(strings.ReplaceAll(p.Reason, "_", " "))), d.Facts...)
	case "auto_merge_enabled":
		return "enabled auto-merge for " + what
	case "auto_merge_disabled":
		return "disabled auto-merge for " + what
	case "converted_to_draft":
		return "made a draft of " + what
	case "unanswered":
		return "took back the answer to " + what
	}
	return p.verb() + " " + what
}

// verb says what somebody did, where one word or two suffice.
func (p *payload) verb() string {
	switch pr := p.PullRequest; {
	case pr != nil && p.Action == "closed" && pr.Merged:
		return "merged"
	case pr != nil && p.Action == "closed":
		return "closed without merging"
	case pr != nil && p.Action == "opened" && pr.Draft:
		return "drafted"
	case p.Action == "ready_for_review":
		return "made ready for review"
	case p.Action == "synchronize":
		return "pushed to"
	case p.Issue != nil && p.Action == "closed" && (p.Issue.Reason == "not_planned" || p.Issue.Reason == "duplicate"):
		return "closed as " + words(p.Issue.Reason)
	case p.Discussion != nil && p.Action == "created":
		return "started"
	}
	return words(p.Action)
}

// moved says that one thing was put on another, or taken off it, in which case the action
// begins with "un" or "de".
func (p *payload) moved(one, other, to, from string) string {
	if strings.HasPrefix(p.Action, "un") || strings.HasPrefix(p.Action, "de") {
		return fmt.Sprintf("%s %s from %s", from, one, other)
	}
	return fmt.Sprintf("%s %s to %s", to, one, other)
}

// reviewer returns the person or the team that is asked for a review.
func (p *payload) reviewer() string {
	switch {
	case p.Reviewer != nil && p.Reviewer.Login != "":
		return card.Mention(p.Reviewer.Login, "")
	case p.Reviewers != nil && p.Reviewers.Name != "":
		return "the team " + card.Line(p.Reviewers.Name, maxFact)
	}
	return "somebody"
}

func (p *payload) edited(d *card.Happening, what string) string {
	c := p.Changes
	switch {
	case c.Title.edited:
		d.Facts = append(plainFact("Before", c.Title.From), d.Facts...)
		return "renamed " + what
	case c.Base.Ref.edited && p.PullRequest != nil:
		d.Facts = append(plainFact("Base", c.Base.Ref.From+" → "+p.PullRequest.Base.Ref), d.Facts...)
		return "changed the base of " + what
	case c.Body.edited:
		d.Text = prose.Markdown(p.body(), maxText)
		return "edited the description of " + what
	}
	return "edited " + what
}

// body returns the text of what an event is about.
func (p *payload) body() string {
	switch {
	case p.PullRequest != nil:
		return p.PullRequest.Body
	case p.Issue != nil:
		return p.Issue.Body
	case p.Discussion != nil:
		return p.Discussion.Body
	}
	return ""
}

// lock says why only collaborators may still comment.
func (p *payload) lock() string {
	switch {
	case p.PullRequest != nil:
		return p.PullRequest.Lock
	case p.Issue != nil:
		return p.Issue.Lock
	case p.Discussion != nil:
		return p.Discussion.Lock
	}
	return ""
}

// transferred says where something is now, with a link to it.
func (p *payload) transferred(d *card.Happening) {
	c := p.Changes
	switch {
	case c.NewIssue != nil && c.NewIssue.HTMLURL != "":
		d.Address = c.NewIssue.HTMLURL
	case c.NewDiscussion != nil && c.NewDiscussion.HTMLURL != "":
		d.Address = c.NewDiscussion.HTMLURL
	}
	if c.NewRepository != nil {
		d.Facts = append(plainFact("To", c.NewRepository.FullName), d.Facts...)
	}
}

// peopleFact names people by their logins.
func peopleFact(name string, list []user) []card.Fact {
	var people []string
	for _, u := range list[:min(len(list), maxPeople)] {
		if u.Login != "" {
			people = append(people, card.Mention(u.Login, ""))
		}
	}
	return fact(name, strings.Join(people, ", "))
}

// maxPeople is how many people a fact names.
const maxPeople = 10

// commitFact links to a commit.
func (p *payload) commitFact(sha, subject string) []card.Fact {
	if sha == "" {
		return nil
	}
	subject, _, _ = strings.Cut(strings.TrimSpace(subject), "\n")
	value := card.Line(sha[:min(len(sha), 7)], maxFact)
	if p.Repository.HTMLURL != "" {
		value = card.Link(sha[:min(len(sha), 7)], p.Repository.HTMLURL+"/commit/"+sha)
	}
	return fact("Commit", strings.TrimSpace(value+" "+card.Line(subject, maxFact)))
}
