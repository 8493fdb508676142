package github

import (
	"fmt"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/connector/connectortest"
)

// TestACardSaysWhoDidWhatToWhomAndFromWhat expects the facts that Zulip's integration
// reports for the same events.
func TestACardSaysWhoDidWhatToWhomAndFromWhat(t *testing.T) {
	const (
		issue      = `"issue":{"number":7,"title":"Tabs","body":"**Now** whole.","html_url":"https://h.example/i/7"},`
		pull       = `"pull_request":{"number":8,"title":"Fix","body":"<!-- why? -->It *stops*.","html_url":"https://h.example/p/8","base":{"ref":"main"},"active_lock_reason":"off-topic"},`
		discussion = `"discussion":{"number":9,"title":"Which?","html_url":"https://h.example/d/9","category":{"name":"Ideas"}},`
		team       = `"team":{"name":"Parsers","description":"They parse.","privacy":"secret","permission":"push","html_url":"https://h.example/t"},`
		sponsor    = `"sponsorship":{"sponsor":{"login":"grace","html_url":"https://h.example/grace"},"sponsorable":{"login":"ada"},"privacy_level":"private","tier":{"name":"$5 a month"}},`
		milestone  = `"milestone":{"title":"1.0","html_url":"https://h.example/m/1","open_issues":1,"closed_issues":3,"due_on":"2026-12-01T08:00:00Z"},`
		label      = `"label":{"name":"bug","color":"cc0000"},`
	)
	for _, test := range []struct{ kind, payload, want string }{
		{"issues", `"action":"assigned","assignee":{"login":"grace"},` + issue, "ada assigned [grace](mention:grace) to issue #7: Tabs | https://h.example/i/7"},
		{"issues", `"action":"unassigned","assignee":{"login":"grace"},` + issue, "ada unassigned [grace](mention:grace) from issue #7: Tabs | https://h.example/i/7"},
		{"issues", `"action":"labeled",` + label + issue, "ada added the label bug to issue #7: Tabs | https://h.example/i/7"},
		{"issues", `"action":"unlabeled",` + label + issue, "ada removed the label bug from issue #7: Tabs | https://h.example/i/7"},
		{"issues", `"action":"milestoned",` + milestone + issue, "ada added the milestone 1.0 to issue #7: Tabs | Milestone: [1.0](https://h.example/m/1) | https://h.example/i/7"},
		{"issues", `"action":"demilestoned",` + milestone + issue, "ada removed the milestone 1.0 from issue #7: Tabs | Milestone: [1.0](https://h.example/m/1) | https://h.example/i/7"},
		{"issues", `"action":"edited","changes":{"title":{"from":"Spaces"}},` + issue, "ada renamed issue #7: Tabs | Before: Spaces | https://h.example/i/7"},
		{"issues", `"action":"edited","changes":{"body":{"from":""}},` + issue, "ada edited the description of issue #7: Tabs | **Now** whole. | https://h.example/i/7"},
		{"issues", `"action":"transferred","changes":{"new_issue":{"html_url":"https://h.example/n/1"},"new_repository":{"full_name":"acme/new"}},` + issue, "ada transferred issue #7: Tabs | To: acme/new | https://h.example/n/1"},
		{"issues", `"action":"opened","changes":{"old_repository":{"full_name":"acme/old"}},` + issue, "ada opened issue #7: Tabs | **Now** whole. | From: acme/old | https://h.example/i/7"},
		{"issues", `"action":"closed","issue":{"number":7,"title":"Tabs","state_reason":"duplicate"},`, "ada closed as duplicate issue #7: Tabs"},
		{"pull_request", `"action":"opened",` + pull, "ada opened pull request #8: Fix | It *stops*. | https://h.example/p/8"},
		{"pull_request", `"action":"closed",` + pull, "ada closed without merging pull request #8: Fix | https://h.example/p/8"},
		{"pull_request", `"action":"assigned","assignee":{"login":"grace"},` + pull, "ada assigned [grace](mention:grace) to pull request #8: Fix | https://h.example/p/8"},
		{"pull_request", `"action":"edited","changes":{"base":{"ref":{"from":"old"}}},` + pull, "ada changed the base of pull request #8: Fix | Base: old → main | https://h.example/p/8"},
		{"pull_request", `"action":"locked",` + pull, "ada locked pull request #8: Fix | Reason: off-topic | https://h.example/p/8"},
		{"pull_request", `"action":"auto_merge_enabled",` + pull, "ada enabled auto-merge for pull request #8: Fix | https://h.example/p/8"},
		{"pull_request", `"action":"dequeued","reason":"CI_FAILURE",` + pull, "ada dequeued pull request #8: Fix | Reason: ci failure | https://h.example/p/8"},
		{"pull_request", `"action":"review_requested","requested_team":{"name":"Parsers"},` + pull, "ada asked the team Parsers to review pull request #8: Fix | https://h.example/p/8"},
		{"pull_request", `"action":"opened","pull_request":{"number":8,"title":"Fix","assignees":[{"login":"grace"}],"head":{"ref":"fix","label":"grace:fix"},"base":{"ref":"main","label":"acme:main"}},`, "ada opened pull request #8: Fix | Assigned to: [grace](mention:grace) | Branch: grace:fix → main"},
		{"discussion", `"action":"category_changed","changes":{"category":{"from":{"name":"General"}}},` + discussion, "ada changed the category of discussion #9: Which? | Before: General | Category: Ideas | https://h.example/d/9"},
		{"release", `"action":"edited","changes":{"name":{"from":"One"}},"release":{"name":"1.0","tag_name":"v1","body":"Out."},`, "ada edited release 1.0 | Out. | Before: One | Tag: v1"},
		{"team", `"action":"edited","changes":{"name":{"from":"Readers"}},` + team, "ada renamed the team Parsers | Before: Readers | https://h.example/t"},
		{"team", `"action":"edited","changes":{"description":{"from":"They read."}},` + team, "ada described the team Parsers | They parse. | Before: They read. | https://h.example/t"},
		{"team", `"action":"edited","changes":{"privacy":{"from":"closed"}},` + team, "ada edited the team Parsers | Visibility: closed → secret | https://h.example/t"},
		{"team_add", team, "ada gave the team Parsers access to the repository | May: push | https://h.example/t"},
		{"membership", `"action":"removed","member":{"login":"grace","html_url":"https://h.example/grace"},` + team, "ada removed grace from the team Parsers | https://h.example/grace"},
		{"member", `"action":"edited","member":{"login":"grace"},"changes":{"permission":{"from":"read","to":"write"}},`, "ada changed the role of grace in the repository | Role: read → write"},
		{"milestone", `"action":"closed",` + milestone, "ada closed the milestone 1.0 | Due: 1 December 2026 | Done: 3 of 4 issues | https://h.example/m/1"},
		{"milestone", `"action":"edited","changes":{"title":{"from":"0.9"},"due_on":{"from":"2026-11-01T08:00:00Z"}},` + milestone, "ada edited the milestone 1.0 | Before: 0.9 | Due before: 1 November 2026 | Due: 1 December 2026 | Done: 3 of 4 issues | https://h.example/m/1"},
		{"label", `"action":"edited","changes":{"name":{"from":"error"},"color":{"from":"00cc00"}},` + label, "ada edited the label bug | Before: error | Colour: 00cc00 → cc0000"},
		{"sponsorship", `"action":"created",` + sponsor, "grace sponsors ada: $5 a month | https://h.example/grace"},
		{"sponsorship", `"action":"cancelled",` + sponsor, "grace ended a sponsorship: $5 a month | https://h.example/grace"},
		{"sponsorship", `"action":"pending_cancellation","effective_date":"2027-01-05T00:00:00+00:00",` + sponsor, "grace ends a sponsorship on 5 January 2027: $5 a month | https://h.example/grace"},
		{"sponsorship", `"action":"tier_changed","changes":{"tier":{"from":{"name":"$10 a month"}}},` + sponsor, "grace changed a sponsorship from $10 a month to $5 a month | https://h.example/grace"},
		{"sponsorship", `"action":"pending_tier_change","effective_date":"2026-12-30T00:00:00+00:00","changes":{"tier":{"from":{"name":"$10 a month"}}},` + sponsor, "grace changes a sponsorship from $10 a month to $5 a month on 30 December 2026 | https://h.example/grace"},
		{"sponsorship", `"action":"edited","changes":{"privacy_level":{"from":"public"}},` + sponsor, "grace edited a sponsorship: $5 a month | Seen by: public → private | https://h.example/grace"},
		{"page_build", `"build":{"status":"errored","error":{"message":"No theme."},"pusher":{"login":"grace"}},`, "The build of GitHub Pages failed | No theme. | Pushed by: grace"},
		{"status", `"sha":"0123456789","state":"failure","context":"ci","description":"2 failed","target_url":"https://ci.example/1","branches":[{"name":"main"}],"commit":{"commit":{"message":"Fix tabs\n\nAll."}},`, "Status ci failed | 2 failed | Branch: main | Commit: 0123456 Fix tabs | https://ci.example/1"},
		{"deployment_status", `"deployment_status":{"state":"success"},"deployment":{"environment":"production","ref":"main"},`, "The deployment to production succeeded | From: main"},
		{"push", `"ref":"refs/heads/main","commits":[` + strings.Repeat(`{"id":"1","message":"a","author":{"name":"Grace"}},`, 4) + `{"id":"2","message":"b","author":{"name":"Ada"}},{"id":"3","message":"c","author":{"name":"Grace"}}],`, "ada pushed 6 commits to main | … and 1 commit before\n\n1 a – Grace\n\n1 a – Grace\n\n1 a – Grace\n\n2 b – Ada\n\n3 c – Grace | By: Grace (5), Ada (1)"},
	} {
		raw := fmt.Sprintf(`{%s"sender":{"login":"ada"}}`, test.payload)
		e, ok := (&GitHub{Events: []string{"*"}}).received(test.kind, "1", []byte(raw), sampleTime())
		if got := connectortest.Said(e); !ok || got != test.want {
			t.Errorf("%s %s:\n%s\nwant:\n%s", test.kind, test.payload, got, test.want)
		}
	}
}

func TestAPushThatOnlyMakesOrDeletesABranchIsThatAndToldOnce(t *testing.T) {
	const where = `"repository":{"full_name":"acme/relay","html_url":"https://h.example","pushed_at":`
	for _, test := range []struct{ is, push, other, want string }{
		{
			"a deleted branch", `{"ref":"refs/heads/old","deleted":true,` + where + `1557933657},"sender":{"login":"ada"}}`,
			`{"ref":"old","ref_type":"branch",` + where + `"2019-05-15T15:20:56Z"},"sender":{"login":"ada"}}`, "ada deleted branch old | https://h.example",
		},
		{
			"a new tag", `{"ref":"refs/tags/v1","created":true,` + where + `1557933657},"sender":{"login":"ada"}}`,
			`{"ref":"v1","ref_type":"tag",` + where + `"2019-05-15T15:20:57Z"},"sender":{"login":"ada"}}`, "ada created tag v1 | https://h.example/tree/v1",
		},
	} {
		kind := strings.Fields(test.want)[1]
		pushed, _ := (&GitHub{}).received("push", "1", []byte(test.push), sampleTime())
		other, _ := (&GitHub{}).received(strings.TrimSuffix(kind, "d"), "2", []byte(test.other), sampleTime())
		if got := connectortest.Said(pushed); got != test.want || connectortest.Said(other) != got || pushed.Key != other.Key || pushed.Kind != other.Kind {
			t.Errorf("%s: %q as %s and %s", test.is, got, pushed.Key, other.Key)
		}
		later, _ := (&GitHub{}).received("push", "3", []byte(strings.Replace(test.push, "1557933657", "1557933757", 1)), sampleTime())
		undated, _ := (&GitHub{}).received("push", "4", []byte(strings.Replace(test.push, "1557933657", "null", 1)), sampleTime())
		if later.Key == pushed.Key || undated.Key != "delivery:4" {
			t.Errorf("%s: another time it is %s, and without one %s", test.is, later.Key, undated.Key)
		}
	}
	for payload, want := range map[string]string{
		`{"ref":"refs/heads/new","created":true,"commits":[{"id":"1","message":"a"}],"sender":{"login":"ada"}}`: "ada pushed 1 commit to new | 1 a",
		`{"ref":"refs/heads/gh-readonly-queue/main/pr-1","commits":[{"id":"1","message":"a"}]}`:                 "",
		`{"ref":"refs/heads/gh-readonly-queue/main/pr-1","deleted":true}`:                                       "",
	} {
		e, _ := (&GitHub{}).received("push", "1", []byte(payload), sampleTime())
		if got := connectortest.Said(e); got != want {
			t.Errorf("%s: %q, want %q", payload, got, want)
		}
	}
}
