package azuredevops

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/connector/kinds"
)

func TestTheSameHappeningHasOneKeyByEitherWay(t *testing.T) {
	s := newService(t)
	c := s.client(nil)
	first := s.poll(c, nil)
	s.wait(time.Hour)
	s.everything()
	polled := make(map[string]string)
	for _, e := range s.poll(c, first.Checkpoint).Events() {
		polled[e.Kind] = e.Key
	}
	h := hooked(t)
	for _, test := range []struct{ eventType, resource, kind string }{
		{"git.push", pushed, "push"},
		{"git.pullrequest.created", created, "pull_request_created"},
		{"build.complete", built, "build_completed"},
		{"ms.vss-release.release-created-event", `{"release":{"id":5,"name":"Release-5"}}`, "release_created"},
		{"ms.vss-release.deployment-completed-event", `{"environment":{"id":6,"name":"Production","status":"succeeded","release":{"id":5,"name":"Release-5"}},"attemptId":1}`, "deployment_completed"},
		{"workitem.created", `{"id":17,"rev":1,"fields":{"System.WorkItemType":"Bug","System.Title":"Tabs"}}`, "work_item_created"},
		{"workitem.updated", strings.Replace(moved, `"System.ChangedDate"`, `"x"`, 1), "work_item_updated"},
	} {
		got, err := h.Receive(t.Context(), hook(test.eventType, test.resource))
		if err != nil || len(got.Events) != 1 || got.Events[0].Kind != test.kind {
			t.Errorf("%s: %+v, %v", test.eventType, got, err)
			continue
		}
		if key := got.Events[0].Key; key != polled[test.kind] || key == "" {
			t.Errorf("%s is %q pushed and %q polled", test.kind, key, polled[test.kind])
		}
	}
}

func TestAnEventWithTheLeastDetailsStillGivesACard(t *testing.T) {
	c := hooked(t)
	for _, k := range table() {
		if k.Own.hook == "" {
			continue
		}
		for _, resource := range []string{"null", "{}", `{"id":17,"url":"https://dev.azure.com/acme/_apis/x/17"}`, `[]`, `"x"`, `{"id":"x","commits":{},"fields":[],"release":7}`} {
			got, err := c.Receive(t.Context(), hook(k.Own.hook, resource))
			if err != nil || got.Status != http.StatusOK {
				t.Errorf("%s with %s: %+v, %v", k.Own.hook, resource, got, err)
			}
			for _, e := range got.Events {
				if err := e.Card.Validate(); err != nil || e.Key == "" {
					t.Errorf("%s with %s: %v", k.Own.hook, resource, err)
				}
			}
		}
	}
}

func TestOnlyTheServiceHookIsBelieved(t *testing.T) {
	good := hook("build.complete", built)
	wrong := good
	wrong.Header = http.Header{}
	(&http.Request{Header: wrong.Header}).SetBasicAuth("hooks", "guess")
	bad := hook("x", "{}")
	bad.Body = []byte("{")
	for name, test := range map[string]struct {
		request connector.Request
		status  int
		events  int
	}{
		"as it should be": {good, 200, 1},
		"a look":          {connector.Request{Method: http.MethodGet}, 200, 0},
		"nothing shown":   {connector.Request{Method: http.MethodPost, Body: good.Body}, 401, 0},
		"a guess":         {wrong, 401, 0},
		"no JSON":         {bad, 400, 0},
		"another event":   {hook("ms.advancedsecurity.alert.created", "{}"), 200, 0},
		"another method":  {connector.Request{Method: http.MethodPut}, 405, 0},
	} {
		got, err := hooked(t).Receive(t.Context(), test.request)
		if err != nil || got.Status != test.status || len(got.Events) != test.events {
			t.Errorf("%s: %+v, %v; want %d", name, got, err, test.status)
		}
		if got.Status == 401 && got.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: it does not say how to authenticate", name)
		}
	}
	open := connectortest.New(t, New, map[string]any{"url": "https://dev.azure.com/acme", "project": "Relay", "token": "x"})
	if got, err := open.Receive(t.Context(), good); err != nil || got.Status != 403 {
		t.Errorf("without a password: %+v, %v", got, err)
	}
}

func TestWhatIsNoiseIsNotPosted(t *testing.T) {
	c := hooked(t)
	for resource, want := range map[string]int{
		`run {"run":{"id":1,"state":"inProgress"},"pipeline":{"name":"CI"}}`:                            0,
		`run {"run":{"id":1,"state":"completed","result":"failed"},"pipeline":{"name":"CI"}}`:           1,
		`stage {"stage":{"id":1,"state":"completed","result":"failed"}}`:                                0,
		`item {"id":1,"workItemId":1,"rev":2,"fields":{"System.Rev":{"oldValue":1,"newValue":2}}}`:      0,
		`item {"id":1,"workItemId":1,"rev":2,"fields":{"System.History":{"newValue":"<div>Hi</div>"}}}`: 1,
		`pull {"pullRequestId":1,"status":"active"}`:                                                    0,
		`pull {"pullRequestId":1,"status":"completed"}`:                                                 1,
	} {
		name, raw, _ := strings.Cut(resource, " ")
		eventType := map[string]string{"run": "ms.vss-pipelines.run-state-changed-event", "stage": "ms.vss-pipelines.stage-state-changed-event", "item": "workitem.updated", "pull": "git.pullrequest.updated"}[name]
		got, err := c.Receive(t.Context(), hook(eventType, raw))
		if err != nil || len(got.Events) != want {
			t.Errorf("%s: %d events, %v; want %d", resource, len(got.Events), err, want)
		}
	}
}

func TestPeopleChooseWhatIsPosted(t *testing.T) {
	r, _ := read([]byte(built))
	for _, test := range []struct {
		name string
		a    AzureDevOps
		want bool
	}{
		{"all but noise", AzureDevOps{}, true},
		{"a kind", AzureDevOps{Choice: kinds.Choice{Kinds: []string{"build_*"}}}, true},
		{"another kind", AzureDevOps{Choice: kinds.Choice{Kinds: []string{"push"}}}, false},
		{"an excluded kind", AzureDevOps{Choice: kinds.Choice{Exclude: []string{"*completed"}}}, false},
		{"a pipeline", AzureDevOps{Pipelines: []string{"ci"}}, true},
		{"another pipeline", AzureDevOps{Pipelines: []string{"nightly"}}, false},
		{"a branch", AzureDevOps{Branches: []string{"ma*"}}, true},
		{"another branch", AzureDevOps{Branches: []string{"release/*"}}, false},
		{"an actor", AzureDevOps{Actors: []string{"ada"}}, true},
		{"another actor", AzureDevOps{Actors: []string{"grace"}}, false},
		{"somebody else's", AzureDevOps{NotActors: []string{"grace"}}, true},
		{"an excluded actor", AzureDevOps{NotActors: []string{"a*"}}, false},
		{"what has no repository", AzureDevOps{Repositories: []string{"other"}}, true},
	} {
		if got := test.a.wants(byName("build_completed"), r); got != test.want {
			t.Errorf("%s: %t, want %t", test.name, got, test.want)
		}
	}
}

func TestErrorsHaveTheirKinds(t *testing.T) {
	for _, test := range []struct {
		status int
		header http.Header
		body   string
		want   connector.ErrorKind
	}{
		{203, nil, "<html>", connector.KindUnauthorised},
		{200, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, "<html>", connector.KindUnauthorised},
		{401, nil, "", connector.KindUnauthorised},
		{404, nil, "", connector.KindMisconfigured},
		{400, nil, `{"message":"VssVersionOutOfRange"}`, connector.KindMisconfigured},
		{429, http.Header{"Retry-After": {"30"}}, "", connector.KindThrottled},
		{503, http.Header{"Retry-After": {"30"}}, "", connector.KindThrottled},
		{500, nil, "", connector.KindTemporary},
		{200, nil, `{"value":`, connector.KindTemporary},
	} {
		s := newService(t)
		s.trouble = func(w http.ResponseWriter) {
			maps.Copy(w.Header(), test.header)
			w.WriteHeader(test.status)
			_, _ = w.Write([]byte(test.body))
		}
		_, err := s.client(nil).Poll(t.Context(), nil)
		if connector.KindOf(err) != test.want || err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d %s: %v (%s), want %s", test.status, test.body, err, connector.KindOf(err), test.want)
		}
	}
	s := newService(t)
	if _, err := s.client(map[string]any{"token": "expired"}).Poll(t.Context(), nil); connector.KindOf(err) != connector.KindUnauthorised {
		t.Errorf("an expired token: %v", err)
	}
}

func TestAServiceThatSlowsDownIsLeftAlone(t *testing.T) {
	s := newService(t)
	s.trouble = func(w http.ResponseWriter) {
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(5*time.Minute).Unix()))
		_, _ = w.Write([]byte(`{}`))
	}
	if p := s.poll(s.client(nil), nil); p.Again < 4*time.Minute {
		t.Errorf("again in %s", p.Again)
	}
}

// TestCards compares the card of every kind with what it should be.
func TestCards(t *testing.T) {
	golden.Assert(t, connectortest.Samples(t, New().Describe().Kinds), "cards.golden")
}

func FuzzResource(f *testing.F) {
	for _, seed := range []string{pushed, created, built, deployed, moved, made, `{"fields":{"System.Title":"<at>all</at>\u0000","System.State":{"oldValue":{},"newValue":[1]}},"comment":"x","title":"[x](javascript:y)","_links":{"web":{"href":"javascript:x"}}}`} {
		for n := range table() {
			f.Add(n, []byte(seed))
		}
	}
	a := &AzureDevOps{URL: "https://dev.azure.com/acme", Project: "Relay", Choice: kinds.Choice{Kinds: []string{"*"}}}
	f.Fuzz(func(t *testing.T, n int, raw []byte) {
		r, _ := read(raw)
		k := table()[max(n, 0)%len(table())]
		connectortest.Harmless(t, a.newEvent(refine(k, r), r, key(k, r, "1"), time.Time{}))
	})
}

func TestTheContract(t *testing.T) {
	connectortest.Run(t, New, connectortest.Options{
		Start: func(t *testing.T) map[string]any {
			s := newService(t)
			s.everything()
			return s.arguments(map[string]any{"initial": 3, "username": "hooks", "password": "canary-password"})
		},
		Genuine: []connector.Request{hook("build.complete", built), hook("unheard.of", "{}"), {Method: http.MethodHead}},
		Invalid: []connectortest.Invalid{
			{Argument: "url", Value: "acme"},
			{Argument: "project", Value: "a/b"},
			{Argument: "username", Value: nil},
			{Argument: "api_version", Value: "7 1"},
			{Argument: "initial", Value: -1},
			{Argument: "poll", Value: []string{"weather"}},
			{Argument: "kinds", Value: []string{"nonsense"}},
			{Argument: "branches", Value: []string{"["}},
		},
	})
}
