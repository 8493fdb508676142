package azuredevops

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

func TestPollingPostsWhatIsNew(t *testing.T) {
	s := newService(t)
	c := s.client(nil)
	s.happens("build/builds", strings.Replace(built, `"id":3`, `"id":2`, 1))
	first := s.poll(c, nil)
	want(t, first.Events())
	if len(s.asked) != 1 {
		t.Errorf("the first poll asked for %q", s.asked)
	}
	s.wait(time.Hour)
	s.everything()
	second := s.poll(c, first.Checkpoint)
	want(t, second.Events(), "Ada pushed 1 commit to main in relay", "Ada created pull request 42: Fix", "CI 20261120\\.3 failed", "Ada created release Release-5",
		"The deployment of Release-5 to Production succeeded", "Ada created Bug 17: Tabs", "Bug 17: Tabs moved from Active to Resolved")
	s.wait(time.Hour)
	third := s.poll(c, second.Checkpoint) // looks back a little, at what is known by its key
	want(t, third.Events(), titles(second.Events())...)
	s.wait(time.Hour)
	want(t, s.poll(c, third.Checkpoint).Events())
}

func TestAClosedPullRequestIsPostedEvenIfItIsOld(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"poll": []string{"pull_requests"}})
	first := s.poll(c, nil)
	s.wait(time.Hour)
	for _, status := range []string{"completed", "abandoned"} {
		s.happens("git/pullrequests"+status, fmt.Sprintf(`{"pullRequestId":%d,"title":"Fix","status":%q,"creationDate":"2025-01-01T00:00:00Z","closedDate":"NOW","createdBy":{"displayName":"Ada"},"closedBy":{"displayName":"Grace"}}`, len(status), status))
	}
	want(t, s.poll(c, first.Checkpoint).Events(), "Grace completed pull request 9: Fix", "Grace abandoned pull request 9: Fix")
}

func TestTheFirstPollPostsWhatWasAskedFor(t *testing.T) {
	s := newService(t)
	s.everything()
	if list := s.poll(s.client(map[string]any{"initial": 2}), nil).Events(); len(list) != 2 {
		t.Errorf("posted %q", titles(list))
	}
}

// numbers makes numbered things from a format.
func (s *service) numbers(where, form string, n int) {
	for i := range n {
		s.happens(where, fmt.Sprintf(form, i+1))
	}
}

func TestAGreatManyHappeningsAreAllPosted(t *testing.T) {
	for where, test := range map[string]struct {
		source, form string
	}{
		"git/repositories/r1/pushes": {"pushes", `{"pushId":%d,"date":"NOW","refUpdates":[{"name":"refs/heads/main"}]}`},
		"git/pullrequestscompleted":  {"pull_requests", `{"pullRequestId":%d,"status":"completed","creationDate":"2025-01-01T00:00:00Z","closedDate":"NOW"}`},
		"build/builds":               {"builds", `{"id":%d,"buildNumber":"b","result":"failed","finishTime":"NOW"}`},
		"tfvc/changesets":            {"checkins", `{"changesetId":%d,"createdDate":"NOW","comment":"Fix"}`},
	} {
		s := newService(t)
		c := s.client(map[string]any{"poll": []string{test.source}})
		first := s.poll(c, nil)
		s.wait(time.Hour)
		s.happens("git/repositories", `{"id":"r1","name":"relay"}`)
		n := 250
		if test.source == "builds" {
			n = 30 // the service gives two at a time
		}
		s.numbers(where, test.form, n)
		keys := make(map[string]bool)
		for _, e := range s.poll(c, first.Checkpoint).Events() {
			keys[e.Key] = true
		}
		if len(keys) != n {
			t.Errorf("%s: posted %d of %d", test.source, len(keys), n)
		}
	}
}

func TestAnOldServersListOfPullRequestsIsNotReadToItsEnd(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"poll": []string{"pull_requests"}})
	first := s.poll(c, nil)
	s.wait(time.Hour)
	// It does not know searchCriteria.minTime, and lists everything there ever was.
	s.numbers("git/pullrequestscompleted", `{"pullRequestId":%d,"status":"completed","creationDate":"2025-01-01T00:00:00Z","closedDate":"2025-01-02T00:00:00Z"}`, 500)
	s.asked = nil
	want(t, s.poll(c, first.Checkpoint).Events())
	if len(s.asked) != 4 { // the project, and a page for each status
		t.Errorf("asked %d times: %q", len(s.asked), s.asked)
	}
}

func TestTheNewestUpdatesOfALongLivedWorkItemArePosted(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"poll": []string{"work_items"}})
	first := s.poll(c, nil)
	s.numbers("wit/workItems/17/updates", `{"workItemId":17,"rev":%d,"fields":{"System.ChangedDate":{"newValue":"2025-01-01T00:00:00Z"},"System.WorkItemType":{"newValue":"Bug"}}}`, 450)
	s.wait(time.Hour)
	s.changed = []int{17}
	s.happens("wit/workItems/17/updates", `{"workItemId":17,"rev":451,"fields":{"System.State":{"oldValue":"New","newValue":"Done"},"System.ChangedDate":{"newValue":"NOW"}}}`)
	want(t, s.poll(c, first.Checkpoint).Events(), "Bug 17 moved from New to Done")
}

// edit changes all of these work items at once.
func (s *service) edit(n int) {
	for id := range n {
		s.changed = append(s.changed, id+1)
		s.happens(fmt.Sprintf("wit/workItems/%d/updates", id+1),
			fmt.Sprintf(`{"workItemId":%d,"rev":2,"fields":{"System.State":{"oldValue":"New","newValue":"Done"},"System.ChangedDate":{"newValue":"NOW"}}}`, id+1))
	}
}

func TestAPollThatBreaksOffGoesOnAmongTheWorkItems(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"poll": []string{"work_items"}})
	first := s.poll(c, nil)
	s.wait(time.Hour)
	s.edit(3*perWalk + 1)
	keys := make(map[string]bool)
	at := first.Checkpoint
	keep := func(b event.Batch) error {
		for _, e := range b.Events {
			keys[e.Key] = true
		}
		if b.Checkpoint != nil {
			at = b.Checkpoint
		}
		if len(keys) == perWalk && b.Checkpoint != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.trouble = func(w http.ResponseWriter) {
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}
		return nil
	}
	if _, err := c.PollWith(t.Context(), at, keep); connector.KindOf(err) != connector.KindThrottled {
		t.Fatalf("the poll did not break off: %v", err)
	}
	if len(keys) != perWalk {
		t.Fatalf("posted %d before it broke off, want %d", len(keys), perWalk)
	}
	s.mu.Lock()
	s.trouble, s.asked = nil, nil
	s.mu.Unlock()
	s.wait(time.Hour)
	// What changes meanwhile behind the walk is left to the next walk.
	s.happens("wit/workItems/1/updates", `{"workItemId":1,"rev":3,"fields":{"System.State":{"oldValue":"Done","newValue":"New"},"System.ChangedDate":{"newValue":"NOW"}}}`)
	if _, err := c.PollWith(t.Context(), at, keep); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3*perWalk+1 {
		t.Errorf("posted %d of %d", len(keys), 3*perWalk+1)
	}
	if slices.Contains(s.asked, "/acme/Relay/_apis/wit/workItems/1/updates") {
		t.Error("it began again")
	}
	if _, err := c.PollWith(t.Context(), at, keep); err != nil || !keys["work_item:1:3"] {
		t.Errorf("the change that came meanwhile is lost, %v", err)
	}
}

func TestTheFirstPollPostsTheWorkItemsThatWereChangedLast(t *testing.T) {
	s := newService(t)
	s.edit(300)
	got := s.poll(s.client(map[string]any{"initial": 2, "poll": []string{"work_items"}}), nil)
	want(t, got.Events(), "Work item 299 moved from New to Done", "Work item 300 moved from New to Done")
}

func TestApprovalsCheckinsAndCommentsAreAskedForIfSomebodyWantsThem(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"poll": []string{"approvals", "checkins", "comments"}})
	first := s.poll(c, nil)
	s.wait(time.Hour)
	const given = `{"id":%d,"status":%q,"createdOn":"%s","modifiedOn":"%s","isAutomated":%t,"approver":{"displayName":"Grace"},` +
		`"release":{"id":5,"name":"Release-5"},"releaseDefinition":{"name":"Shop"},"releaseEnvironment":{"id":6,"name":"Production"}}`
	s.happens("release/approvalspending", fmt.Sprintf(given, 1, "pending", "NOW", "NOW", false))
	s.happens("release/approvalsapproved", fmt.Sprintf(given, 2, "approved", "2025-01-01T00:00:00Z", "NOW", false))
	s.happens("release/approvalsapproved", fmt.Sprintf(given, 3, "approved", "NOW", "NOW", true))
	s.happens("release/approvalsrejected", fmt.Sprintf(given, 4, "rejected", "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z", false))
	s.happens("tfvc/changesets", `{"changesetId":18,"createdDate":"NOW","comment":"Fix tabs","checkedInBy":{"displayName":"Ada"}}`)
	s.happens("git/pullrequestsactive", created)
	s.happens("git/repositories/r1/pullRequests/42/threads", `{"id":5,"comments":[
		{"id":1,"commentType":"system","content":"Ada joined as a reviewer","publishedDate":"NOW","author":{"displayName":"Ada"}},
		{"id":2,"commentType":"text","content":"Well done.","publishedDate":"NOW","author":{"displayName":"Grace"}},
		{"id":3,"commentType":"text","isDeleted":true,"publishedDate":"NOW"}]}`)
	second := s.poll(c, first.Checkpoint)
	want(t, second.Events(), "Release-5 to Production waits for approval", "Release-5 to Production was approved", "Ada checked in changeset 18",
		"Grace commented on pull request 42: Fix")

	// Hooks give the same things the same keys.
	keys := make(map[string]string)
	for _, e := range second.Events() {
		keys[e.Kind] = e.Key
	}
	for eventType, resource := range map[string]string{
		"ms.vss-release.deployment-approval-pending-event":   `{"approval":{"id":1,"status":"pending","releaseEnvironment":{"name":"Production"}},"release":{"id":5,"name":"Release-5"}}`,
		"ms.vss-release.deployment-approval-completed-event": `{"approval":{"id":2,"status":"approved"},"release":{"id":5,"name":"Release-5"}}`,
		"tfvc.checkin": `{"changesetId":18,"comment":"Fix tabs"}`,
		"ms.vss-code.git-pullrequest-comment-event": firstComment,
	} {
		got, err := hooked(t).Receive(t.Context(), hook(eventType, resource))
		if err != nil || len(got.Events) != 1 || got.Events[0].Key != keys[got.Events[0].Kind] {
			t.Errorf("%s: %+v, %v; polled %q", eventType, got.Events, err, keys)
		}
	}
}

func TestADelayedServiceIsLeftAloneAsLong(t *testing.T) {
	s := newService(t)
	s.trouble = func(w http.ResponseWriter) {
		w.Header().Set("X-RateLimit-Delay", "12.5")
		_, _ = w.Write([]byte(`{}`))
	}
	if p := s.poll(s.client(nil), nil); p.Again != 12500*time.Millisecond {
		t.Errorf("again in %s", p.Again)
	}
}
