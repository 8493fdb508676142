package azuredevops

import (
	"fmt"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

// pull returns a pull request by Ada that Grace and Linus review.
func pull(more string) string {
	return `{"pullRequestId":42,"title":"Fix the parser","status":"active","createdBy":{"displayName":"Ada"},"sourceRefName":"refs/heads/tabs","targetRefName":"refs/heads/main",` + more +
		`"lastMergeSourceCommit":{"commitId":"0123456789abcdef"},"reviewers":[{"displayName":"Grace","vote":10},{"displayName":"Grace Ann","vote":0},{"displayName":"Linus","vote":-5}],
		"repository":{"id":"r1","name":"relay","webUrl":"https://dev.azure.com/acme/Relay/_git/relay"}}`
}

// byDefault receives a service hook's event with a sentence, with nothing chosen in the
// configuration.
func byDefault(t *testing.T, eventType, sentence, resource string) []event.Event {
	t.Helper()
	r := hook(eventType, resource)
	r.Body = fmt.Appendf(nil, `{"id":"e-1","eventType":%q,"createdDate":"2026-11-20T09:30:00Z","message":{"text":%q},"resource":%s}`, eventType, sentence, resource)
	got, err := hooked(t).Receive(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return got.Events
}

func TestTheActorIsWhoDidIt(t *testing.T) {
	const pushed, votes = "Commit: [01234567](https://dev.azure.com/acme/Relay/_git/relay/commit/0123456789abcdef)", "Votes: Grace approved, Linus waits for the author"
	for _, test := range []struct{ sentence, more, kind, actor, title, fact string }{
		{"Grace has approved pull request 42 (Fix the parser) in relay", "", "pull_request_voted", "Grace", "Grace approved pull request 42: Fix the parser", votes},
		{"Grace approved pull request 42 (Fix the parser) in relay\r\nhttps://dev.azure.com/acme", "", "pull_request_voted", "Grace", "Grace approved pull request 42: Fix the parser", votes},
		{"Grace has approved and left suggestions in pull request 42", "", "pull_request_voted", "Grace", "Grace approved with suggestions pull request 42: Fix the parser", votes},
		{"Linus is waiting for the author on pull request 42 (Fix the parser) in relay", "", "pull_request_voted", "Linus", "Linus waits for the author of pull request 42: Fix the parser", votes},
		{"Linus rejected pull request 42 (Fix the parser) in relay", "", "pull_request_voted", "Linus", "Linus rejected pull request 42: Fix the parser", votes},
		{"Grace Ann voted on pull request 42 (Fix the parser) in relay", "", "pull_request_voted", "Grace Ann", "Grace Ann took back the vote on pull request 42: Fix the parser", votes},
		{"Margaret H. updated the source branch of pull request 42 (Fix the parser) in relay", "", "pull_request_pushed", "Margaret H.", "Margaret H. pushed to pull request 42: Fix the parser", pushed},
		{"Team rejected approved pull request 42 (X rejected pull request 1) in relay", "", "pull_request_voted", "Team rejected", "Team rejected approved pull request 42: Fix the parser", votes},
		{"Grace marked the pull request as completed", `"status":"completed","closedBy":{"displayName":"Grace"},`, "pull_request_completed", "Grace", "Grace completed pull request 42: Fix the parser", votes},
		{"Grace approved pull request 42 (Fix the parser) in relay", `"status":"completed","closedBy":{"displayName":"Ada"},`, "pull_request_voted", "Grace", "Grace approved pull request 42: Fix the parser", votes},
	} {
		events := byDefault(t, "git.pullrequest.updated", test.sentence, pull(test.more))
		if len(events) != 1 {
			t.Errorf("%s: %d events by default", test.sentence, len(events))
			continue
		}
		e := events[0]
		s := e.Card.Sections[0]
		if e.Kind != test.kind || e.Card.Title != test.title || s.ActivityTitle != test.actor || !strings.Contains(fmt.Sprint(s.Facts), strings.Replace(test.fact, ": ", " ", 1)) {
			t.Errorf("%s:\n%s by %q: %s %v", test.sentence, e.Kind, s.ActivityTitle, e.Card.Title, s.Facts)
		}
	}
}

func TestWhoIsNotKnownIsNotGuessed(t *testing.T) {
	for sentence, want := range map[string]string{
		"Grace set pull request 42 (Fix the parser) to complete automatically":       "Grace",
		"Grace Ann changed the reviewer list on pull request 42 (Fix the parser)":    "Grace Ann",
		"Somebody else did something to pull request 42 (Fix the parser) in relay":   "",
		"Ein Unbekannter hat den Pull Request 42 (Fix the parser) in relay geändert": "",
		"": "",
	} {
		one := one(t, "git.pullrequest.updated", fmt.Sprintf(`{"id":"e-1","eventType":"git.pullrequest.updated","message":{"text":%q},"resource":%s}`, sentence, pull("")))
		if got := one.Card.Sections[0].ActivityTitle; got != want || strings.Contains(one.Card.Title, "Ada") {
			t.Errorf("%q: %q and %q", sentence, got, one.Card.Title)
		}
		if events := byDefault(t, "git.pullrequest.updated", sentence, pull("")); len(events) != 0 {
			t.Errorf("%q is posted by default", sentence)
		}
	}
}

func TestAMergeThatWasTriedIsNobodysAndACompletedOneIsTheCompletion(t *testing.T) {
	const sentence = "Merge attempted  for pull request 42 (Fix the parser) in relay"
	for status, title := range map[string]string{
		"conflicts": "Pull request 42 has conflicts: Fix the parser", "succeeded": "Pull request 42 can be merged: Fix the parser",
		"failure": "The merge of pull request 42 failed: Fix the parser", "queued": "The merge of pull request 42 was tried: Fix the parser",
	} {
		resource := pull(`"mergeStatus":"` + status + `",`)
		e := one(t, "git.pullrequest.merged", fmt.Sprintf(`{"id":"e-1","eventType":"git.pullrequest.merged","message":{"text":%q},"resource":%s}`, sentence, resource))
		if e.Card.Title != title || e.Card.Sections[0].ActivityTitle != "" {
			t.Errorf("%s: %q by %q", status, e.Card.Title, e.Card.Sections[0].ActivityTitle)
		}
		if events := byDefault(t, "git.pullrequest.merged", sentence, resource); len(events) != 0 {
			t.Errorf("%s is posted by default", status)
		}
	}
	completed := pull(`"mergeStatus":"succeeded","status":"completed","closedBy":{"displayName":"Grace"},`)
	merged, updated := byDefault(t, "git.pullrequest.merged", sentence, completed), byDefault(t, "git.pullrequest.updated", "Grace marked the pull request as completed", completed)
	if len(merged) != 1 || len(updated) != 1 || merged[0].Key != updated[0].Key || merged[0].Card.Title != "Grace completed pull request 42: Fix the parser" {
		t.Errorf("%+v\n%+v", merged, updated)
	}
}

func TestAnApprovalIsTheApprovers(t *testing.T) {
	for _, test := range []struct{ eventType, resource, actor, facts string }{
		{"ms.vss-release.deployment-approval-pending-event", `{"approval":{"status":"pending","approver":{"displayName":"Grace"}},"environment":{"name":"Live"},"release":{"id":1,"name":"R1","createdBy":{"displayName":"Ada"}}}`, "Ada", "[{Waits for Grace}]"},
		{"ms.vss-release.deployment-approval-completed-event", `{"approval":{"status":"approved","approver":{"displayName":"Team"},"approvedBy":{"displayName":"Grace"}},"environment":{"name":"Live"},"release":{"id":1,"name":"R1","createdBy":{"displayName":"Ada"}}}`, "Grace", "[]"},
		{"ms.vss-pipelinechecks-events.approval-completed", `{"approval":{"status":"approved","steps":[{"assignedApprover":{"displayName":"Team"},"actualApprover":{"displayName":"Grace"},"status":"approved"},{"assignedApprover":{"displayName":"Linus"},"status":"pending"}]},"stageName":"Deploy","pipeline":{"name":"CI"}}`, "Grace", "[]"},
	} {
		e := one(t, test.eventType, string(hook(test.eventType, test.resource).Body))
		s := e.Card.Sections[0]
		if s.ActivityTitle != test.actor || fmt.Sprint(s.Facts) != test.facts {
			t.Errorf("%s: %q, %v", test.eventType, s.ActivityTitle, s.Facts)
		}
	}
}

func TestCommitsAreLinksAndForcedPushesSaySo(t *testing.T) {
	resource := `{"pushedBy":{"displayName":"Ada"},"refUpdates":[{"name":"refs/heads/main","oldObjectId":"1","newObjectId":"2","forced":true}],
		"repository":{"id":"r1","name":"relay","remoteUrl":"https://ada@dev.azure.com/acme/Relay/_git/relay"},
		"commits":[` + strings.Repeat(`{"commitId":"0123456789abcdef","comment":"Fix","author":{"name":"Grace"}},`, 5) + `{"commitId":"1","comment":"Fix","author":{"name":"Ada"}}]}`
	e := byDefault(t, "git.push", "", resource)[0]
	if e.Card.Title != "Ada force-pushed 6 commits to main in relay" || !strings.HasPrefix(e.Card.Text, "[01234567](https://dev.azure.com/acme/Relay/_git/relay/commit/0123456789abcdef) Fix – Grace") {
		t.Errorf("%q %q", e.Card.Title, e.Card.Text)
	}
	if facts := fmt.Sprint(e.Card.Sections[0].Facts); facts != `[{By Grace \(5\), Ada \(1\)}]` {
		t.Error(facts)
	}
}

func TestPullRequestsAreMarkdown(t *testing.T) {
	e := byDefault(t, "git.pullrequest.created", "", pull(`"description":"## Why\r\n\r\n- **tabs** [notes](https://e.example/)\r\n\r\n<!-- checklist -->",`))[0]
	if e.Card.Text != "## Why\n\n- **tabs** [notes](https://e.example/)" {
		t.Errorf("%q", e.Card.Text)
	}
}

func TestHostileSentencesGiveAHarmlessCard(t *testing.T) {
	for _, sentence := range []string{
		"<at>everyone</at> [x](javascript:alert(1)) approved pull request 42", strings.Repeat("pull request ", 1<<14), strings.Repeat("approved ", 1<<14) + "pull request", " approved pull request",
	} {
		for _, e := range byDefault(t, "git.pullrequest.updated", sentence, pull(`"title":"<at>x</at>",`)) {
			connectortest.Harmless(t, e)
			if b, err := e.Card.MarshalJSON(); err != nil || len(b) > 4000 {
				t.Errorf("%.60q gives a card of %d bytes, %v", sentence, len(b), err)
			}
		}
	}
}
