package azuredevops

import (
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// pullUpdate is something that can happen to a pull request. The resource of
// git.pullrequest.updated says neither what was done nor by whom; only the sentence that
// a service hook sends for people does, such as "Ada has approved and left suggestions on
// pull request 42 (Fix the parser) in relay".
type pullUpdate struct {
	// phrase is what the sentence says before "pull request", without "has" or "is".
	phrase string
	// kind is the kind of event, and verb what a card says was done.
	kind, verb, color string
}

// pullUpdates lists the known updates. A phrase comes before its own suffixes, because
// the first match counts.
func pullUpdates() []pullUpdate {
	const voted, pushed, updated = "pull_request_voted", "pull_request_pushed", "pull_request_updated"
	return []pullUpdate{
		{"approved and left suggestions", voted, "approved with suggestions", green},
		{"approved with suggestions", voted, "approved with suggestions", green},
		{"approved", voted, "approved", green},
		{"waiting for the author", voted, "waits for the author of", amber},
		{"rejected", voted, "rejected", red},
		{"voted", voted, "voted on", blue},
		{"updated the source branch", pushed, "pushed to", blue},
		{"changed the reviewer list", updated, "changed the reviewers of", blue},
		{"changed the target branch", updated, "changed the target of", blue},
		// For these, the resource itself says what was done.
		{phrase: "marked the"},
		{phrase: "completed"},
		{phrase: "abandoned"},
		{phrase: "merged"},
		{"reactivated", updated, "reactivated", blue},
		{"published", updated, "published", blue},
		{"edited", updated, "edited", blue},
		{"updated", updated, "updated", blue},
	}
}

// readSentence finds out from the service hook's sentence what was done, and by whom. The
// resource names other people as well, and naming nobody is better than naming the wrong
// person.
func (r *resource) readSentence(sentence string) {
	r.sentence = sentence
	line, _, _ := strings.Cut(strings.TrimSpace(sentence), "\n")
	head, _, found := strings.Cut(line, "pull request")
	if !found {
		return
	}
	head = strings.TrimSpace(head)
	for _, word := range []string{" of", " on", " in", " for"} {
		head = strings.TrimSuffix(head, word)
	}
	for _, u := range pullUpdates() {
		if who, ok := strings.CutSuffix(head, " "+u.phrase); ok {
			who = strings.TrimSuffix(strings.TrimSuffix(who, " has"), " is")
			r.update, r.doer = u, person{Name: strings.TrimSpace(who)}
			return
		}
	}
	for _, p := range r.people() { // an unknown sentence may still begin with a known name
		if len(p.Name) > len(r.doer.Name) && strings.HasPrefix(line, p.Name+" ") {
			r.doer = p
		}
	}
}

// people returns everybody named by a pull request.
func (r *resource) people() []person {
	list := []person{r.ClosedBy, r.CreatedBy}
	for _, v := range r.Reviewers {
		list = append(list, v.person)
	}
	return list
}

// reviewer is a person, or a group, with their vote.
type reviewer struct {
	person
	Vote number `json:"vote"`
}

// vote returns a vote as a verb; it is empty when there is none.
func (v reviewer) vote() string {
	switch v.Vote {
	case 10:
		return "approved"
	case 5:
		return "approved with suggestions"
	case -5:
		return "waits for the author"
	case -10:
		return "rejected"
	}
	return ""
}

// votes lists the votes on a pull request.
func (r *resource) votes() []card.Fact {
	var list []string
	for _, v := range r.Reviewers {
		if vote := v.vote(); vote != "" && len(list) < maxVotes {
			list = append(list, v.Name+" "+vote)
		}
	}
	return fact("Votes", strings.Join(list, ", "))
}

// maxVotes is how many votes a card lists.
const maxVotes = 10

// did returns what was done to a pull request, as a verb with its colour.
func (r *resource) did(k kind) (verb, color string) {
	if r.update.kind != k.Name {
		return k.Own.verb, k.Own.color
	}
	if r.update.phrase != "voted" {
		return r.update.verb, r.update.color
	}
	for _, v := range r.Reviewers {
		if v.Name == r.doer.Name && v.Vote == 0 {
			return "took back the vote on", grey
		}
	}
	return r.update.verb, r.update.color
}

// mergeOutcome says how an attempted merge went.
func (r *resource) mergeOutcome() (title, color string) {
	p := r.pull()
	what := fmt.Sprintf("ull request %d", p.PullRequestID)
	switch p.MergeStatus {
	case "conflicts":
		return titled("P"+what+" has conflicts", p.Title), red
	case "failure", "rejectedByPolicy":
		return titled("The merge of p"+what+" failed", p.Title), red
	case "succeeded":
		return titled("P"+what+" can be merged", p.Title), green
	}
	return titled("The merge of p"+what+" was tried", p.Title), grey
}
