package azuredevops

import (
	"encoding/json"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/event"
)

// kind is one kind of event.
type kind = kinds.Kind[look]

// look says where a kind's events come from and what their cards look like.
type look struct {
	// hook is the eventType of service hooks; it is empty where refine makes this kind
	// from other events.
	hook string
	// draw writes the card; the title is vague where too little is known.
	draw func(k kind, r *resource) (h card.Happening, vague bool)
	// verb says what somebody did.
	verb, color string
}

// inWords says what happened, where nothing more is known.
func inWords(k kind) string {
	doc, _, _ := strings.Cut(k.Doc, ";")
	return strings.TrimSuffix(doc, ".")
}

// eventType returns the type of the service hook's event that becomes this kind.
func eventType(k kind) string {
	if strings.HasPrefix(k.Name, "pull_request") && k.Own.hook == "" {
		return byName("pull_request_updated").Own.hook
	}
	return k.Own.hook
}

// The colours of cards.
const (
	blue   = "0078D4"
	green  = "107C10"
	red    = "D13438"
	amber  = "FFAA44"
	grey   = "8A8886"
	purple = "5C2D91"
)

// table lists all kinds that have a card.
func table() kinds.Table[look] {
	return kinds.Table[look]{
		{Name: "push", Doc: "Commits were pushed.", Own: look{hook: "git.push", draw: drawPush, color: blue}},
		{Name: "pull_request_created", Doc: "A pull request was opened.", Own: look{hook: "git.pullrequest.created", draw: drawPull, verb: "created", color: blue}},
		{Name: "pull_request_completed", Doc: "A pull request was completed.", Own: look{draw: drawPull, verb: "completed", color: purple}},
		{Name: "pull_request_abandoned", Doc: "A pull request was abandoned.", Own: look{draw: drawPull, verb: "abandoned", color: grey}},
		{Name: "pull_request_voted", Doc: "A pull request was approved or rejected, or is waiting for its author.", Own: look{draw: drawPull, verb: "voted on", color: blue}},
		{Name: "pull_request_pushed", Doc: "Commits were pushed to a pull request.", Own: look{draw: drawPull, verb: "pushed to", color: blue}},
		{Name: "pull_request_updated", Doc: "A pull request's reviewers changed, or it was changed in another way.", Noise: true, Own: look{hook: "git.pullrequest.updated", draw: drawPull, verb: "updated", color: blue}},
		{Name: "pull_request_merged", Doc: "A merge was attempted, which happens at every push.", Noise: true, Own: look{hook: "git.pullrequest.merged", draw: drawPull, verb: "tried to merge", color: grey}},
		{Name: "pull_request_commented", Doc: "A pull request was commented on.", Own: look{hook: "ms.vss-code.git-pullrequest-comment-event", draw: drawPull, verb: "commented on", color: blue}},
		{Name: "repository_created", Doc: "A repository was created.", Own: look{hook: "git.repo.created", draw: drawRepository, verb: "created", color: green}},
		{Name: "repository_deleted", Doc: "A repository was deleted.", Own: look{hook: "git.repo.deleted", draw: drawRepository, verb: "deleted", color: grey}},
		{Name: "repository_forked", Doc: "A repository was forked.", Own: look{hook: "git.repo.forked", draw: drawRepository, verb: "forked", color: blue}},
		{Name: "repository_renamed", Doc: "A repository was renamed.", Own: look{hook: "git.repo.renamed", draw: drawRepository, verb: "renamed", color: blue}},
		{Name: "repository_status_changed", Doc: "A repository was disabled or enabled.", Own: look{hook: "git.repo.statuschanged", draw: drawRepository, verb: "enabled", color: amber}},
		{Name: "checkin", Doc: "A changeset was checked in.", Own: look{hook: "tfvc.checkin", draw: drawCheckin, verb: "checked in", color: blue}},
		{Name: "build_completed", Doc: "A build ended.", Own: look{hook: "build.complete", draw: drawBuild}},
		{Name: "release_created", Doc: "A release was created.", Own: look{hook: "ms.vss-release.release-created-event", draw: drawRelease, verb: "created", color: blue}},
		{Name: "release_abandoned", Doc: "A release was abandoned.", Own: look{hook: "ms.vss-release.release-abandoned-event", draw: drawRelease, verb: "abandoned", color: grey}},
		{Name: "deployment_started", Doc: "A deployment started.", Noise: true, Own: look{hook: "ms.vss-release.deployment-started-event", draw: drawDeployment}},
		{Name: "deployment_completed", Doc: "A deployment finished.", Own: look{hook: "ms.vss-release.deployment-completed-event", draw: drawDeployment}},
		{Name: "deployment_approval_pending", Doc: "A deployment is waiting for approval.", Own: look{hook: "ms.vss-release.deployment-approval-pending-event", draw: drawApproval, verb: "waits for approval", color: amber}},
		{Name: "deployment_approval_completed", Doc: "A deployment was approved or rejected.", Own: look{hook: "ms.vss-release.deployment-approval-completed-event", draw: drawApproval}},
		{Name: "run_state_changed", Doc: "A pipeline run finished; its start is left out.", Own: look{hook: "ms.vss-pipelines.run-state-changed-event", draw: drawRun}},
		{Name: "stage_state_changed", Doc: "A stage of a run finished.", Noise: true, Own: look{hook: "ms.vss-pipelines.stage-state-changed-event", draw: drawRun}},
		{Name: "job_state_changed", Doc: "A job of a run finished.", Noise: true, Own: look{hook: "ms.vss-pipelines.job-state-changed-event", draw: drawRun}},
		{Name: "stage_approval_pending", Doc: "A stage is waiting for approval.", Own: look{hook: "ms.vss-pipelinechecks-events.approval-pending", draw: drawApproval, verb: "waits for approval", color: amber}},
		{Name: "stage_approval_completed", Doc: "A stage was approved or rejected.", Own: look{hook: "ms.vss-pipelinechecks-events.approval-completed", draw: drawApproval}},
		{Name: "work_item_created", Doc: "A work item was created.", Own: look{hook: "workitem.created", draw: drawWorkItem, verb: "created", color: blue}},
		{Name: "work_item_updated", Doc: "A work item's state, assignee, title or priority was changed.", Own: look{hook: "workitem.updated", draw: drawWorkItem, verb: "changed", color: blue}},
		{Name: "work_item_commented", Doc: "A work item was commented on.", Own: look{hook: "workitem.commented", draw: drawWorkItem, verb: "commented on", color: blue}},
		{Name: "work_item_deleted", Doc: "A work item was deleted.", Own: look{hook: "workitem.deleted", draw: drawWorkItem, verb: "deleted", color: grey}},
		{Name: "work_item_restored", Doc: "A deleted work item was restored.", Own: look{hook: "workitem.restored", draw: drawWorkItem, verb: "restored", color: blue}},
	}
}

func byName(name string) kind {
	k, _ := table().Find(name)
	return k
}

// byHook finds the kind of a service hook's event. It reports false where there is
// deliberately no card: advanced security alerts and agent pools, for example, are
// watched elsewhere.
func byHook(eventType string) (kind, bool) {
	for _, k := range table() {
		if k.Own.hook == eventType && k.Own.hook != "" {
			return k, true
		}
	}
	return kind{}, false
}

// refine finds the kind that an event really has: service hooks have one type for all
// updates of a pull request, and one for comments and changes of work items.
func refine(k kind, r *resource) kind {
	switch {
	case k.Name == "pull_request_updated" && r.update.kind != "":
		return byName(r.update.kind)
	case k.Name == "pull_request_merged" && r.Status == "completed" && r.MergeStatus == "succeeded":
		return byName("pull_request_completed")
	case k.Name == "pull_request_updated" && r.Status == "completed":
		return byName("pull_request_completed")
	case k.Name == "pull_request_updated" && r.Status == "abandoned":
		return byName("pull_request_abandoned")
	case k.Name == "work_item_updated" && len(differences(r)) == 0 && r.field("System.History") != "":
		return byName("work_item_commented")
	}
	return k
}

// quiet reports whether an event says nothing that anybody needs to know: that a run
// started, or that a work item's unwatched fields changed. An event without details might
// matter, so it is posted.
func quiet(k kind, r *resource) bool {
	switch k.Name {
	case "work_item_updated":
		return len(r.Fields) > 0 && len(differences(r)) == 0
	case "run_state_changed", "stage_state_changed", "job_state_changed":
		one := r.running()
		return one != nil && one.Result == "" && one.State != "completed"
	}
	return false
}

// sample returns a resource with every member that one can have.
func sample(name string) *resource {
	r := &resource{}
	connector.ParseJSON(json.RawMessage(`{
		"id": 17, "pushId": 14, "commits": [{"commitId": "33b55f7cb7e7e245323987634f960cf4a6e6bc74", "comment": "Fix the parser", "author": {"name": "Ada"}}],
		"refUpdates": [{"name": "refs/heads/main", "oldObjectId": "aad331d8d3b131fa9ae03cf5e53965b51942618a", "newObjectId": "33b55f7cb7e7e245323987634f960cf4a6e6bc74"}],
		"repository": {"id": "r1", "name": "relay", "webUrl": "https://dev.azure.com/acme/Relay/_git/relay", "remoteUrl": "https://dev.azure.com/acme/Relay/_git/relay"},
		"pushedBy": {"displayName": "Ada"}, "date": "2026-11-20T09:30:00Z",
		"pullRequestId": 42, "title": "Fix the parser", "description": "It stops at tabs.", "status": "active", "sourceRefName": "refs/heads/tabs", "targetRefName": "refs/heads/main",
		"createdBy": {"displayName": "Ada"}, "creationDate": "2026-11-20T09:30:00Z", "mergeStatus": "succeeded",
		"reviewers": [{"displayName": "Grace", "vote": 10}, {"displayName": "Linus", "vote": 0}], "lastMergeSourceCommit": {"commitId": "33b55f7cb7e7e245323987634f960cf4a6e6bc74"},
		"comment": {"id": 1, "content": "Well done.", "author": {"displayName": "Grace"}},
		"oldName": "parser", "disabled": true, "changesetId": 18, "checkedInBy": {"displayName": "Ada"},
		"buildNumber": "20261120.3", "result": "failed", "reason": "individualCI", "sourceBranch": "refs/heads/main", "definition": {"id": 2, "name": "CI"},
		"requestedFor": {"displayName": "Ada"}, "startTime": "2026-11-20T09:27:00Z", "finishTime": "2026-11-20T09:30:00Z",
		"release": {"id": 5, "name": "Release-5", "releaseDefinition": {"name": "Shop"}, "createdBy": {"displayName": "Ada"}},
		"environment": {"id": 6, "name": "Production", "status": "succeeded"},
		"approval": {"id": 7, "status": "approved", "comments": "Go.", "approver": {"displayName": "Grace"}},
		"run": {"id": 8, "name": "20261120.3", "state": "completed", "result": "succeeded", "_links": {"web": {"href": "https://dev.azure.com/acme/Relay/_build/results?buildId=8"}}},
		"stage": {"id": 9, "name": "Deploy", "displayName": "Deploy", "state": "completed", "result": "failed"}, "job": {"id": 10, "name": "Build", "state": "completed", "result": "succeeded"},
		"pipeline": {"id": 3, "name": "relay"},
		"workItemId": 17, "rev": 3, "revisedBy": {"displayName": "Ada"},
		"fields": {"System.State": {"oldValue": "Active", "newValue": "Resolved"}, "System.WorkItemType": "Bug", "System.Title": "The parser stops at tabs", "System.History": "Done."},
		"_links": {"web": {"href": "https://dev.azure.com/acme/Relay/_x"}}
	}`), r)
	switch name {
	case "pull_request_voted":
		r.readSentence("Grace approved pull request 42 (Fix the parser) in relay")
	case "pull_request_pushed":
		r.readSentence("Ada updated the source branch of pull request 42 (Fix the parser) in relay")
	case "pull_request_updated":
		r.readSentence("Ada changed the reviewer list on pull request 42 (Fix the parser) in relay")
	case "pull_request_merged":
		r.event = name
	case "stage_state_changed", "stage_approval_pending", "stage_approval_completed":
		r.Job = nil
	case "run_state_changed":
		r.Stage, r.Job = nil, nil
	}
	if !strings.HasPrefix(name, "work_item") {
		r.RevisedBy, r.Fields = person{}, nil
	}
	if name != "pull_request_commented" && name != "checkin" {
		r.Comment = nil
	}
	if name == "checkin" {
		r.Comment.Author = person{}
	}
	if !strings.Contains(name, "approval") {
		r.Approval = nil
	} else if strings.HasSuffix(name, "pending") {
		r.Approval.Status, r.Approval.Comments = "pending", ""
	}
	return r
}

// described returns the kinds, with the data of their samples.
func described() []connector.Kind {
	a := &AzureDevOps{URL: "https://dev.azure.com/acme", Project: "Relay"}
	return table().Describe(func(k kind) event.Event { return a.newEvent(k, sample(k.Name), "sample", when("2026-11-20T09:30:00Z")) })
}
