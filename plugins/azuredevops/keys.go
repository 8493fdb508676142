package azuredevops

import (
	"fmt"
	"strings"
)

// maxRepository is the longest id of a repository, in bytes, that a thread contains;
// Azure DevOps' are UUIDs.
const maxRepository = 100

// key returns what identifies an event, whichever way it arrives. An event without a
// number of its own, because only service hooks report it or because the hook leaves out
// the details, takes the number of the hook's event.
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

// thread returns what an event belongs to: the work item or the pull request.
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

// numbered makes a key from numbers, none of which may be missing: without one of them,
// different events would share a key.
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
