package azuredevops

import (
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// deed is something that is done to a pull request. The resource of git.pullrequest.updated says neither what was
// done nor by whom: only the sentence that a service hook carries for people does, such as "Ada has approved and left
// suggestions on pull request 42 (Fix the parser) in relay".
type deed struct {
	// says is what the sentence has before "pull request", without "has" or "is".
	says string
	// kind is the event's kind, and verb is what a card says was done.
	kind, verb, color string
}

// deeds lists the known ones, each before those that are a suffix of it.
func deeds() []deed {
	const voted, pushed, updated = "pull_request_voted", "pull_request_pushed", "pull_request_updated"
	return []deed{
		{"approved and left suggestions", voted, "approved with suggestions", green},
		{"approved with suggestions", voted, "approved with suggestions", green},
		{"approved", voted, "approved", green},
		{"waiting for the author", voted, "waits for the author of", amber},
		{"rejected", voted, "rejected", red},
		{"voted", voted, "voted on", blue},
		{"updated the source branch", pushed, "pushed to", blue},
		{"changed the reviewer list", updated, "changed the reviewers of", blue},
		{"changed the target branch", updated, "changed the target of", blue},
		// For these the resource says what was done.
		{says: "marked the"},
		{says: "completed"},
		{says: "abandoned"},
		{says: "merged"},
		{"reactivated", updated, "reactivated", blue},
		{"published", updated, "published", blue},
		{"edited", updated, "edited", blue},
		{"updated", updated, "updated", blue},
	}
}

// hear learns from the service hook's sentence what was done, and who did it. The resource names other people, too;
// it is better to name nobody than the wrong one of them.
func (r *resource) hear(said string) {
	r.said = said
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	head, _, found := strings.Cut(line, "pull request")
	if !found {
		return
	}
	head = strings.TrimSpace(head)
	for _, word := range []string{" of", " on", " in", " for"} {
		head = strings.TrimSuffix(head, word)
	}
	for _, d := range deeds() {
		if who, ok := strings.CutSuffix(head, " "+d.says); ok {
			who = strings.TrimSuffix(strings.TrimSuffix(who, " has"), " is")
			r.deed, r.doer = d, person{Name: strings.TrimSpace(who)}
			return
		}
	}
	for _, p := range r.people() { // in an unknown sentence, whoever is known
		if len(p.Name) > len(r.doer.Name) && strings.HasPrefix(line, p.Name+" ") {
			r.doer = p
		}
	}
}

// people returns everybody whom a pull request names.
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
	if r.deed.kind != k.Name {
		return k.Own.verb, k.Own.color
	}
	if r.deed.says != "voted" {
		return r.deed.verb, r.deed.color
	}
	for _, v := range r.Reviewers {
		if v.Name == r.doer.Name && v.Vote == 0 {
			return "took back the vote on", grey
		}
	}
	return r.deed.verb, r.deed.color
}

// tried says how an attempted merge went.
func (r *resource) tried() (title, color string) {
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
