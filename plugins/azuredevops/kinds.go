package azuredevops

import (
	"encoding/json"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
)

// kind is one sort of event.
type kind struct {
	// name is the event kind, and hook the eventType of service hooks; empty where
	// only other events of a hook become this kind.
	name, hook, doc string
	// noise says that it is posted only when the configuration asks for it.
	noise bool
	draw  func(k kind, r *resource) drawing
	// verb is what somebody did.
	verb, color string
}

// drawing is what differs between cards. Title and text are Markdown.
type drawing struct {
	title, text string
	link, label string
	color       string
	facts       []card.Fact
	// vague says that too little is known for a title.
	vague bool
}

// inWords is what happened, where nothing more is known.
func (k kind) inWords() string {
	doc, _, _ := strings.Cut(k.doc, ";")
	return strings.TrimSuffix(doc, ".")
}

// eventType is that of the service hook's event that becomes this kind.
func (k kind) eventType() string {
	if strings.HasPrefix(k.name, "pull_request") && k.hook == "" {
		return byName("pull_request_updated").hook
	}
	return k.hook
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

func kinds() []kind {
	return []kind{
		{name: "push", hook: "git.push", doc: "Commits were pushed.", draw: drawPush, color: blue},
		{name: "pull_request_created", hook: "git.pullrequest.created", doc: "A pull request was made.", draw: drawPull, verb: "created", color: blue},
		{name: "pull_request_completed", doc: "A pull request was completed.", draw: drawPull, verb: "completed", color: purple},
		{name: "pull_request_abandoned", doc: "A pull request was abandoned.", draw: drawPull, verb: "abandoned", color: grey},
		{name: "pull_request_voted", doc: "A pull request was approved or rejected, or waits for its author.", draw: drawPull, verb: "voted on", color: blue},
		{name: "pull_request_pushed", doc: "Commits were pushed to a pull request.", draw: drawPull, verb: "pushed to", color: blue},
		{name: "pull_request_updated", hook: "git.pullrequest.updated", doc: "A pull request got other reviewers, or was changed otherwise; off by default.", noise: true, draw: drawPull, verb: "updated", color: blue},
		{name: "pull_request_merged", hook: "git.pullrequest.merged", doc: "A merge was tried; off by default, as it happens with every push.", noise: true, draw: drawPull, verb: "tried to merge", color: grey},
		{name: "pull_request_commented", hook: "ms.vss-code.git-pullrequest-comment-event", doc: "A pull request was commented on.", draw: drawPull, verb: "commented on", color: blue},
		{name: "repository_created", hook: "git.repo.created", doc: "A repository was made.", draw: drawRepository, verb: "created", color: green},
		{name: "repository_deleted", hook: "git.repo.deleted", doc: "A repository was deleted.", draw: drawRepository, verb: "deleted", color: grey},
		{name: "repository_forked", hook: "git.repo.forked", doc: "A repository was forked.", draw: drawRepository, verb: "forked", color: blue},
		{name: "repository_renamed", hook: "git.repo.renamed", doc: "A repository was renamed.", draw: drawRepository, verb: "renamed", color: blue},
		{name: "repository_status_changed", hook: "git.repo.statuschanged", doc: "A repository was disabled or enabled.", draw: drawRepository, verb: "enabled", color: amber},
		{name: "checkin", hook: "tfvc.checkin", doc: "A changeset was checked in.", draw: drawCheckin, verb: "checked in", color: blue},
		{name: "build_completed", hook: "build.complete", doc: "A build ended.", draw: drawBuild},
		{name: "release_created", hook: "ms.vss-release.release-created-event", doc: "A release was made.", draw: drawRelease, verb: "created", color: blue},
		{name: "release_abandoned", hook: "ms.vss-release.release-abandoned-event", doc: "A release was abandoned.", draw: drawRelease, verb: "abandoned", color: grey},
		{name: "deployment_started", hook: "ms.vss-release.deployment-started-event", doc: "A deployment began; off by default.", noise: true, draw: drawDeployment},
		{name: "deployment_completed", hook: "ms.vss-release.deployment-completed-event", doc: "A deployment ended.", draw: drawDeployment},
		{name: "deployment_approval_pending", hook: "ms.vss-release.deployment-approval-pending-event", doc: "A deployment waits for an approval.", draw: drawApproval, verb: "waits for approval", color: amber},
		{name: "deployment_approval_completed", hook: "ms.vss-release.deployment-approval-completed-event", doc: "A deployment was approved or rejected.", draw: drawApproval},
		{name: "run_state_changed", hook: "ms.vss-pipelines.run-state-changed-event", doc: "A run of a pipeline ended; its beginnings are left out.", draw: drawRun},
		{name: "stage_state_changed", hook: "ms.vss-pipelines.stage-state-changed-event", doc: "A stage of a run ended; off by default.", noise: true, draw: drawRun},
		{name: "job_state_changed", hook: "ms.vss-pipelines.job-state-changed-event", doc: "A job of a run ended; off by default.", noise: true, draw: drawRun},
		{name: "stage_approval_pending", hook: "ms.vss-pipelinechecks-events.approval-pending", doc: "A stage waits for an approval.", draw: drawApproval, verb: "waits for approval", color: amber},
		{name: "stage_approval_completed", hook: "ms.vss-pipelinechecks-events.approval-completed", doc: "A stage was approved or rejected.", draw: drawApproval},
		{name: "work_item_created", hook: "workitem.created", doc: "A work item was made.", draw: drawWorkItem, verb: "created", color: blue},
		{name: "work_item_updated", hook: "workitem.updated", doc: "A work item's state, assignee, title or priority was changed.", draw: drawWorkItem, verb: "changed", color: blue},
		{name: "work_item_commented", hook: "workitem.commented", doc: "A work item was commented on.", draw: drawWorkItem, verb: "commented on", color: blue},
		{name: "work_item_deleted", hook: "workitem.deleted", doc: "A work item was deleted.", draw: drawWorkItem, verb: "deleted", color: grey},
		{name: "work_item_restored", hook: "workitem.restored", doc: "A deleted work item came back.", draw: drawWorkItem, verb: "restored", color: blue},
	}
}

func byName(name string) kind {
	for _, k := range kinds() {
		if k.name == name {
			return k
		}
	}
	return kind{}
}

// byHook finds the kind of a service hook's event; false where there is deliberately
// no card: advanced security alerts and agent pools, for example, are looked after in
// other places.
func byHook(eventType string) (kind, bool) {
	for _, k := range kinds() {
		if k.hook == eventType && k.hook != "" {
			return k, true
		}
	}
	return kind{}, false
}

// refine finds the kind that an event is in truth: service hooks have one type for
// all updates of a pull request, and one for comments and changes of work items.
func refine(k kind, r *resource) kind {
	switch {
	case k.name == "pull_request_updated" && r.deed.kind != "":
		return byName(r.deed.kind)
	case k.name == "pull_request_merged" && r.Status == "completed" && r.MergeStatus == "succeeded":
		return byName("pull_request_completed")
	case k.name == "pull_request_updated" && r.Status == "completed":
		return byName("pull_request_completed")
	case k.name == "pull_request_updated" && r.Status == "abandoned":
		return byName("pull_request_abandoned")
	case k.name == "work_item_updated" && len(differences(r)) == 0 && r.field("System.History") != "":
		return byName("work_item_commented")
	}
	return k
}

// quiet reports whether an event says nothing that anybody needs to know: the
// beginning of a run, or a change of a work item's fields that nobody looks at. Of one
// that comes without details nobody can tell, so it is posted.
func quiet(k kind, r *resource) bool {
	switch k.name {
	case "work_item_updated":
		return len(r.Fields) > 0 && len(differences(r)) == 0
	case "run_state_changed", "stage_state_changed", "job_state_changed":
		one := r.running()
		return one != nil && one.Result == "" && one.State != "completed"
	}
	return false
}

// sample is a resource with all that one can have.
func sample(name string) *resource {
	r := &resource{}
	parse(json.RawMessage(`{
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
		r.hear("Grace approved pull request 42 (Fix the parser) in relay")
	case "pull_request_pushed":
		r.hear("Ada updated the source branch of pull request 42 (Fix the parser) in relay")
	case "pull_request_updated":
		r.hear("Ada changed the reviewer list on pull request 42 (Fix the parser) in relay")
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

func describedKinds() []connector.Kind {
	var list []connector.Kind
	a := &AzureDevOps{URL: "https://dev.azure.com/acme", Project: "Relay"}
	for _, k := range kinds() {
		list = append(list, connector.Kind{Name: k.name, Doc: k.doc, Sample: a.made(k, sample(k.name), "sample", when("2026-11-20T09:30:00Z"))})
	}
	return list
}
