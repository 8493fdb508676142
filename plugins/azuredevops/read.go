package azuredevops

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// read parses a resource and moves its parts to one place, whichever version or REST API
// it came from.
func read(raw json.RawMessage) (*resource, bool) {
	r := &resource{}
	if !connector.ParseJSON(raw, r) {
		return r, false
	}
	// Where only the environment knows the release, the resource's own one has no name.
	if r.Environment != nil && r.Environment.Release != nil && (r.Release == nil || r.Release.ID == 0) {
		known := *r.Environment.Release
		if r.Release != nil && known.Definition.Name == "" {
			known.Definition = r.Release.Definition
		}
		r.Release = &known
	}
	r.placeApproval()
	r.placeComment()
	if len(r.Requests) > 0 && r.RequestedFor.Name == "" {
		r.RequestedFor = r.Requests[0].For
	}
	if r.Branch == "" && strings.HasPrefix(r.Version, "LG:") { // "LG:refs/heads/main:600c52d2"
		r.Branch, _, _ = strings.Cut(strings.TrimPrefix(r.Version, "LG:"), ":")
	}
	if r.Repository == nil && r.RepositoryName != "" {
		r.Repository = &repository{Name: r.RepositoryName}
	}
	return r, true
}

// placeApproval copies what only the approval says into the resource.
func (r *resource) placeApproval() {
	a := r.Approval
	if a == nil {
		return
	}
	if r.Environment == nil {
		r.Environment = a.Environment
	}
	if r.Release == nil {
		r.Release = a.Release
	}
	if a.Definition != nil && r.ReleaseDef.Name == "" {
		r.ReleaseDef = *a.Definition
	}
	for _, step := range a.Steps { // the last step that was taken decided
		if a.Approver.Name == "" || step.Status != "" && step.Status != "pending" {
			a.Approver, a.Comments = cmp.Or(step.Actual, step.Approver), step.Comment
		}
	}
	if a.ApprovedBy.Name != "" {
		a.Approver = a.ApprovedBy
	}
}

// placeComment puts a comment on a pull request where version 2 of the resource has it.
// In version 1 the comment is the resource, and its links lead to the pull request.
func (r *resource) placeComment() {
	if r.Comment == nil && r.Content != "" {
		r.Comment = &comment{ID: r.ID, Content: r.Content, Author: r.Author}
		r.Comment.Links.Threads = r.Links.Threads
	}
	if r.Comment != nil {
		r.Comment.thread = lastNumber(r.Comment.Links.Threads.Href)
	}
	if r.PullRequest == nil && r.PullRequestID == 0 {
		r.PullRequestID = lastNumber(r.Links.Pulls.Href)
	}
}

// lastNumber returns the number that an address ends with.
func lastNumber(address string) number {
	n, err := strconv.ParseInt(address[strings.LastIndexByte(address, '/')+1:], 10, 64)
	if err != nil {
		return 0
	}
	return number(n)
}

// workItem returns the number of the work item. An update has a number of its own, and
// its resource may give 0 as the work item's.
func (r *resource) workItem() number {
	if r.Revision != nil && r.WorkItemID == 0 && r.Revision.ID != 0 {
		return r.Revision.ID
	}
	return cmp.Or(r.WorkItemID, r.ID)
}

// pull returns the pull request that an event is about.
func (r *resource) pull() *resource {
	if r.PullRequest != nil {
		return r.PullRequest
	}
	return r
}

func (r *resource) repository() repository {
	if p := r.pull(); p.Repository != nil {
		return *p.Repository
	}
	return repository{}
}

// branch returns the branch that an event is about; it is empty when there is none.
func (r *resource) branch() string {
	if all := r.branches(); len(all) > 0 {
		return all[0]
	}
	return ""
}

// branches returns all branches that an event is about: one push may update several.
func (r *resource) branches() []string {
	var names []string
	for _, u := range r.RefUpdates {
		names = append(names, short(u.Name))
	}
	if one := short(cmp.Or(r.pull().Target, r.Branch)); len(names) == 0 && one != "" {
		names = append(names, one)
	}
	return names
}

func short(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
}

// pipeline returns the name of the build, release or YAML pipeline.
func (r *resource) pipeline() string {
	switch {
	case r.Pipeline != nil:
		return r.Pipeline.Name
	case r.Definition.Name != "":
		return r.Definition.Name
	case r.Release != nil && r.Release.Definition.Name != "":
		return r.Release.Definition.Name
	}
	return r.ReleaseDef.Name
}

// field returns the current value of a work item's field.
func (r *resource) field(name string) string { return text(r.value(name)) }

func (r *resource) value(name string) any {
	if f, ok := r.Fields[name]; ok {
		return f.now
	}
	if r.Revision != nil {
		return r.Revision.Fields[name].now
	}
	return nil
}

// waits reports whether nobody has decided yet.
func (a *approval) waits() bool { return a.Status == "pending" }

// actor returns who did it.
func (r *resource) actor() person {
	switch {
	case r.Comment != nil && r.Comment.Author.Name != "":
		return r.Comment.Author
	case r.Approval != nil && r.Approval.Approver.Name != "" && !r.Approval.waits():
		return r.Approval.Approver
	case r.doer.Name != "":
		return r.doer
	case r.event == "pull_request_updated" || r.event == "pull_request_merged":
		return r.ClosedBy // the author of the pull request did not do it
	}
	for _, p := range []person{
		r.RevisedBy, r.PushedBy, r.ClosedBy, r.RequestedFor, r.CheckedInBy, r.InitiatedBy, r.ModifiedBy, r.CreatedBy, r.Requested, r.ChangedBy,
	} {
		if p.Name != "" {
			return p
		}
	}
	switch {
	case r.PullRequest != nil:
		return r.PullRequest.CreatedBy
	case r.Release != nil && r.Release.Status == "abandoned" && r.Release.ModifiedBy.Name != "":
		return r.Release.ModifiedBy
	case r.Release != nil:
		return r.Release.CreatedBy
	}
	for _, name := range []string{"System.ChangedBy", "System.CreatedBy"} {
		if who := r.field(name); who != "" {
			return person{Name: who}
		}
	}
	return person{}
}

// when returns the first of the texts that is a time.
func when(texts ...string) time.Time {
	for _, s := range texts {
		if t, err := time.Parse(time.RFC3339, s); err == nil && t.Year() > 1 {
			return t
		}
	}
	return time.Time{}
}
