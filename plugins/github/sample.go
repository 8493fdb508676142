package github

import (
	"encoding/json"
	"time"

	"github.com/connector-relay/relay/relay/connector/kinds"
)

func sampleTime() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }

// sampleJSON holds the main objects of every kind.
const sampleJSON = `{
  "repository": {"full_name": "acme/relay", "html_url": "https://github.com/acme/relay", "stargazers_count": 42},
  "organization": {"login": "acme"},
  "sender": {"login": "ada", "html_url": "https://github.com/ada", "avatar_url": "https://avatars.githubusercontent.com/u/1"},
  "ref": "refs/heads/main", "ref_type": "branch",
  "before": "6dcb09b5b57875f334f61aebed695e2e4193db5e", "after": "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d",
  "compare": "https://github.com/acme/relay/compare/6dcb09b5b578...7fd1a60b01f9",
  "commits": [{"id": "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d", "message": "Fix the parser", "url": "https://github.com/acme/relay/commit/7fd1a60b01f91b314f59955a4e4d4e80d8edf11d", "author": {"name": "Ada", "username": "ada"}}],
  "issue": {"number": 17, "title": "The parser stops at tabs", "body": "Steps: open a file with a tab.", "html_url": "https://github.com/acme/relay/issues/17", "state": "open", "labels": [{"name": "bug"}]},
  "pull_request": {"number": 18, "title": "Fix the parser", "body": "Closes #17.", "html_url": "https://github.com/acme/relay/pull/18", "state": "open", "head": {"ref": "fix-tabs"}, "base": {"ref": "main"}, "additions": 12, "deletions": 3, "changed_files": 2},
  "comment": {"body": "I can see it, too.", "html_url": "https://github.com/acme/relay/issues/17#issuecomment-1"},
  "review": {"body": "Well done.", "state": "approved", "html_url": "https://github.com/acme/relay/pull/18#pullrequestreview-1"},
  "discussion": {"number": 5, "title": "Which format?", "body": "Let us choose.", "html_url": "https://github.com/acme/relay/discussions/5", "category": {"name": "Ideas"}},
  "release": {"tag_name": "v1.0", "name": "1.0", "body": "It is out.", "html_url": "https://github.com/acme/relay/releases/tag/v1.0"},
  "deployment": {"environment": "production", "ref": "main"},
  "deployment_status": {"state": "success", "environment": "production", "target_url": "https://relay.example.com/"},
  "workflow": {"name": "CI"},
  "workflow_run": {"name": "CI", "run_number": 7, "status": "completed", "conclusion": "failure", "event": "push", "head_branch": "main", "html_url": "https://github.com/acme/relay/actions/runs/7", "run_started_at": "2026-11-20T09:27:00Z", "updated_at": "2026-11-20T09:30:00Z"},
  "check_run": {"name": "lint", "conclusion": "success", "html_url": "https://github.com/acme/relay/runs/8"},
  "check_suite": {"head_branch": "main", "conclusion": "success", "app": {"name": "GitHub Actions"}},
  "forkee": {"full_name": "grace/relay", "html_url": "https://github.com/grace/relay"},
  "pages": [{"title": "Home", "action": "edited", "html_url": "https://github.com/acme/relay/wiki"}],
  "package": {"name": "relay", "package_type": "CONTAINER", "package_version": {"version": "1.0", "html_url": "https://github.com/acme/relay/pkgs/container/relay"}},
  "alert": {"number": 1, "html_url": "https://github.com/acme/relay/security/1", "security_advisory": {"summary": "Reads too much", "severity": "high"}, "dependency": {"package": {"name": "parser", "ecosystem": "npm"}}},
  "security_advisory": {"ghsa_id": "GHSA-xxxx-xxxx-xxxx", "summary": "Reads too much", "severity": "high"},
  "member": {"login": "grace", "html_url": "https://github.com/grace"},
  "team": {"name": "Parsers", "html_url": "https://github.com/orgs/acme/teams/parsers", "permission": "push"},
  "milestone": {"title": "1.0", "description": "Whole files.", "html_url": "https://github.com/acme/relay/milestone/1", "open_issues": 3, "closed_issues": 9, "due_on": "2026-12-01T08:00:00Z"},
  "label": {"name": "bug", "color": "d73a4a", "description": "Something does not work"},
  "sponsorship": {"sponsor": {"login": "grace", "html_url": "https://github.com/grace"}, "sponsorable": {"login": "ada"}, "tier": {"name": "$5 a month"}},
  "build": {"status": "built", "commit": "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d", "pusher": {"login": "ada"}},
  "sha": "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d", "state": "success", "context": "ci/tests", "description": "All of them passed", "target_url": "https://ci.example.com/7", "branches": [{"name": "main"}],
  "membership": {"user": {"login": "grace", "html_url": "https://github.com/grace"}}
}`

// samplePayload returns the sample for a kind: the parts that such a payload has.
func samplePayload(k kinds.Kind[look]) *payload {
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(sampleJSON), &all) != nil {
		return &payload{}
	}
	part := map[string]json.RawMessage{"repository": all["repository"], "sender": all["sender"]}
	for _, member := range sampleParts(k.Name) {
		part[member] = all[member]
	}
	if actions := k.Own.actions; len(actions) > 0 {
		part["action"], _ = json.Marshal(actions[0])
	}
	b, err := json.Marshal(part)
	if err != nil {
		return &payload{}
	}
	return parse(b)
}

// sampleParts returns the members that a kind's payload has besides the common ones.
func sampleParts(name string) []string {
	switch name {
	case "push":
		return []string{"ref", "before", "after", "compare", "commits"}
	case "create", "delete":
		return []string{"ref", "ref_type"}
	case "pull_request_review":
		return []string{"review", "pull_request"}
	case "pull_request_review_comment":
		return []string{"comment", "pull_request"}
	case "issues":
		return []string{"issue"}
	case "issue_comment":
		return []string{"comment", "issue"}
	case "commit_comment":
		return []string{"comment"}
	case "discussion_comment":
		return []string{"comment", "discussion"}
	case "deployment_status":
		return []string{"deployment_status", "deployment"}
	case "workflow_run":
		return []string{"workflow_run", "workflow"}
	case "fork":
		return []string{"forkee"}
	case "gollum":
		return []string{"pages"}
	case "registry_package":
		return []string{"package"}
	case "organization":
		return []string{"organization", "membership"}
	case "membership":
		return []string{"member", "team", "organization"}
	case "team_add":
		return []string{"team"}
	case "status":
		return []string{"sha", "state", "context", "description", "target_url", "branches"}
	case "page_build":
		return []string{"build"}
	case "dependabot_alert", "code_scanning_alert", "secret_scanning_alert", "repository_vulnerability_alert":
		return []string{"alert"}
	}
	return []string{name}
}
