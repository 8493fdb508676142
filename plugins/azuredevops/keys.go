package azuredevops

import (
	"fmt"
	"strings"
)

// maxRepository is the length of a repository's number, in bytes, up to which it
// stands in a thread; Azure DevOps' are UUIDs.
const maxRepository = 100

// key is what a happening is known by, whichever way it comes. What has no number of
// its own, because only service hooks tell of it or the hook leaves the details out,
// has the event's.
func key(k kind, r *resource, id string) string {
	switch k.Name {
	case "push":
		return numbered(id, "push:"+r.repository().ID, r.PushID)
	case "pull_request_created", "pull_request_completed", "pull_request_abandoned":
		return numbered(id, k.Name, r.PullRequestID)
	case "pull_request_commented":
		if r.Comment == nil {
			break
		}
		return numbered(id, k.Name, r.pull().PullRequestID, r.Comment.thread, r.Comment.ID)
	case "checkin":
		return numbered(id, k.Name, r.ChangesetID)
	case "build_completed":
		return numbered(id, k.Name, r.ID)
	case "run_state_changed":
		// The run of a YAML pipeline is a build, with the same number.
		if r.Run == nil {
			break
		}
		return numbered(id, "build_completed", r.Run.ID)
	case "release_created":
		if r.Release == nil {
			return numbered(id, k.Name, r.ID)
		}
		return numbered(id, k.Name, r.Release.ID)
	case "deployment_started", "deployment_completed":
		if r.Release == nil {
			break
		}
		return numbered(id, k.Name, r.Release.ID, r.env().ID, max(r.Attempt, r.AttemptID, 1))
	case "deployment_approval_pending", "deployment_approval_completed":
		if r.Approval == nil {
			break
		}
		return numbered(id, k.Name, r.Approval.ID)
	case "work_item_created", "work_item_updated", "work_item_commented":
		// A change and its comment are one revision.
		return numbered(id, "work_item", r.workItem(), r.Rev)
	}
	return "event:" + id
}

// thread names what an event belongs to: the work item or the pull request.
func thread(k kind, r *resource) string {
	repo := r.repository().ID
	switch {
	case strings.HasPrefix(k.Name, "work_item") && r.workItem() != 0:
		return fmt.Sprintf("workitem/%d", r.workItem())
	case strings.HasPrefix(k.Name, "pull_request") && r.pull().PullRequestID != 0 && repo != "" && len(repo) <= maxRepository:
		return fmt.Sprintf("pullrequest/%s/%d", repo, r.pull().PullRequestID)
	}
	return ""
}

// numbered is a key of numbers, all of which there must be: one that lacks a number
// would be shared by happenings that are not the same.
func numbered(id, name string, numbers ...number) string {
	parts := []string{name}
	for _, n := range numbers {
		if n == 0 {
			return "event:" + id
		}
		parts = append(parts, fmt.Sprint(n))
	}
	return strings.Join(parts, ":")
}
