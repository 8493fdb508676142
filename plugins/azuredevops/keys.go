package azuredevops

import (
	"cmp"
	"fmt"
)

// key is what a happening is known by, whichever way it comes. For those that only
// service hooks tell of it is the event's own number.
func key(k kind, r *resource, id string) string {
	switch k.name {
	case "push":
		return fmt.Sprintf("push:%s:%d", r.repository().ID, r.PushID)
	case "pull_request_created", "pull_request_completed", "pull_request_abandoned":
		return fmt.Sprintf("%s:%d", k.name, r.PullRequestID)
	case "build_completed":
		return fmt.Sprintf("%s:%d", k.name, r.ID)
	case "release_created":
		if r.Release != nil {
			return fmt.Sprintf("%s:%d", k.name, r.Release.ID)
		}
		return fmt.Sprintf("%s:%d", k.name, r.ID)
	case "deployment_completed":
		if r.Release == nil {
			break
		}
		return fmt.Sprintf("%s:%d:%d:%d", k.name, r.Release.ID, r.env().ID, max(r.Attempt, r.AttemptID, 1))
	case "work_item_created", "work_item_updated", "work_item_commented":
		// A change and its comment are one revision.
		return fmt.Sprintf("work_item:%d:%d", cmp.Or(r.WorkItemID, r.ID), r.Rev)
	}
	return "event:" + id
}
