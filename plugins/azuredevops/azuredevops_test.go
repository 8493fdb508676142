package azuredevops

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// service behaves as Azure DevOps does, for the project Relay.
type service struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	now    time.Time
	things map[string][]string // by the path's end: what happened, as JSON
	// changed are the numbers of work items.
	changed []int
	// trouble answers the next requests, if it is set.
	trouble func(w http.ResponseWriter)
	asked   []string
}

func newService(t *testing.T) *service {
	s := &service{t: t, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), things: make(map[string][]string)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /acme/_apis/projects/Relay", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"name":"Relay"}`)) })
	mux.HandleFunc("POST /acme/Relay/_apis/wit/wiql", s.wiql)
	mux.HandleFunc("GET /acme/Relay/_apis/git/repositories/r1/pushes/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"pushId":%s,"commits":[%s]}`, r.PathValue("id"), strings.Join(s.things["commits"], ","))
	})
	mux.HandleFunc("GET /acme/Relay/_apis/{rest...}", s.list)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.URL.Path)
		w.Header().Set("Date", s.now.Format(http.TimeFormat))
		if user, token, _ := r.BasicAuth(); user != "" || token != "canary" || r.URL.Query().Get("api-version") != "7.1" {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNonAuthoritativeInfo)
			_, _ = w.Write([]byte("<html>Sign in</html>"))
			return
		}
		if s.trouble != nil {
			s.trouble(w)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// wiql answers which work items were changed, as the query asks.
func (s *service) wiql(w http.ResponseWriter, r *http.Request) {
	var q struct{ Query string }
	err := json.NewDecoder(r.Body).Decode(&q)
	asked := regexp.MustCompile(`\[System\.ChangedDate\] >= '20\S+' AND \[System\.Id\] > (\d+) ORDER BY (\[System\.Id\]|\[System\.ChangedDate\] DESC)$`).FindStringSubmatch(q.Query)
	if err != nil || asked == nil || r.URL.Query().Get("timePrecision") != "true" {
		s.t.Errorf("asked %q, %v", q.Query, err)
		return
	}
	after, most := 0, 0
	_, _ = fmt.Sscan(asked[1], &after)
	_, _ = fmt.Sscan(r.URL.Query().Get("$top"), &most)
	ids := slices.Clone(s.changed)
	slices.Sort(ids)
	if strings.HasSuffix(asked[2], "DESC") { // those with greater numbers were changed later
		slices.Reverse(ids)
	}
	ids = slices.DeleteFunc(ids, func(id int) bool { return id <= after })
	var items []string
	for _, id := range ids[:min(most, len(ids))] {
		items = append(items, fmt.Sprintf(`{"id":%d}`, id))
	}
	_, _ = fmt.Fprintf(w, `{"workItems":[%s]}`, strings.Join(items, ","))
}

// list answers with a page: Git and work items by $skip, all else by a token.
func (s *service) list(w http.ResponseWriter, r *http.Request) {
	q, path := r.URL.Query(), r.PathValue("rest")
	list, ok := s.things[path+q.Get("searchCriteria.status")+strings.TrimPrefix(q.Get("statusFilter"), "completed")]
	if !ok && strings.HasPrefix(path, "release/") {
		w.WriteHeader(http.StatusNotFound) // a project without classic releases
		return
	}
	from, most := 0, 2
	if strings.HasPrefix(path, "git/") || strings.HasPrefix(path, "wit/") || strings.HasPrefix(path, "tfvc/") {
		most = 100 // where nobody says
		_, _ = fmt.Sscan(q.Get("$skip"), &from)
		_, _ = fmt.Sscan(q.Get("$top"), &most)
	} else {
		_, _ = fmt.Sscan(q.Get("continuationToken"), &from)
		if from+most < len(list) {
			w.Header().Set("X-Ms-Continuationtoken", fmt.Sprint(from+most))
		}
	}
	from = min(from, len(list))
	_, _ = fmt.Fprintf(w, `{"value":[%s]}`, strings.Join(list[from:min(from+most, len(list))], ","))
}

// happens adds something at the service's time.
func (s *service) happens(where, thing string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	thing = strings.ReplaceAll(thing, "NOW", s.now.Format(time.RFC3339))
	s.things[where] = append(s.things[where], thing)
	return thing
}

func (s *service) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *service) arguments(more map[string]any) map[string]any {
	all := map[string]any{"url": s.URL + "/acme", "project": "Relay", "token": "canary"}
	maps.Copy(all, more)
	return all
}

func (s *service) client(more map[string]any) *connectortest.Client {
	return connectortest.New(s.t, New(), s.arguments(more))
}

func (s *service) poll(c *connectortest.Client, at event.Checkpoint) connectortest.Polled {
	s.t.Helper()
	p, err := c.Poll(s.t.Context(), at)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func titles(list []event.Event) []string {
	got := []string{}
	for _, e := range list {
		got = append(got, e.Card.Title)
	}
	slices.Sort(got)
	return got
}

func want(t *testing.T, list []event.Event, titlesWanted ...string) {
	t.Helper()
	slices.Sort(titlesWanted)
	if got := titles(list); !slices.Equal(got, titlesWanted) && len(got)+len(titlesWanted) > 0 {
		t.Errorf("got %q,\nwant %q", got, titlesWanted)
	}
}

const (
	pushed   = `{"pushId":14,"date":"NOW","pushedBy":{"displayName":"Ada"},"refUpdates":[{"name":"refs/heads/main","oldObjectId":"aa","newObjectId":"bb"}],"repository":{"id":"r1","name":"relay"}}`
	created  = `{"pullRequestId":42,"title":"Fix","status":"active","creationDate":"NOW","createdBy":{"displayName":"Ada"},"repository":{"id":"r1","name":"relay"},"sourceRefName":"refs/heads/x","targetRefName":"refs/heads/main"}`
	built    = `{"id":3,"buildNumber":"20261120.3","status":"completed","result":"failed","finishTime":"NOW","definition":{"name":"CI"},"requestedFor":{"displayName":"Ada"},"sourceBranch":"refs/heads/main"}`
	deployed = `{"release":{"id":5,"name":"Release-5"},"releaseEnvironment":{"id":6,"name":"Production"},"deploymentStatus":"succeeded","completedOn":"NOW","attempt":1}`
	moved    = `{"id":2,"workItemId":17,"rev":2,"revisedBy":{"displayName":"Ada"},"fields":{"System.State":{"oldValue":"Active","newValue":"Resolved"},"System.ChangedDate":{"oldValue":"x","newValue":"NOW"}}}`
	made     = `{"id":1,"workItemId":17,"rev":1,"revisedBy":{"displayName":"Ada"},"fields":{"System.WorkItemType":{"newValue":"Bug"},"System.Title":{"newValue":"Tabs"},"System.State":{"newValue":"New"},"System.ChangedDate":{"newValue":"NOW"}}}`
)

// everything happens once.
func (s *service) everything() {
	s.happens("git/repositories", `{"id":"r1","name":"relay"}`)
	s.happens("git/repositories/r1/pushes", pushed)
	s.happens("git/pullrequestsactive", created)
	s.happens("build/builds", built)
	s.happens("release/releases", `{"id":5,"name":"Release-5","createdOn":"NOW","createdBy":{"displayName":"Ada"},"releaseDefinition":{"name":"Shop"}}`)
	s.happens("release/deployments", deployed)
	s.happens("commits", `{"commitId":"33b55f7c","comment":"Fix","author":{"name":"Ada"}}`)
	s.changed = append(s.changed, 17)
	s.happens("wit/workItems/17/updates", made)
	s.happens("wit/workItems/17/updates", moved)
	s.happens("wit/workItems/17/updates", `{"id":3,"workItemId":17,"rev":3,"fields":{"System.Watermark":{"oldValue":1,"newValue":2},"System.ChangedDate":{"newValue":"NOW"}}}`)
}

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

// hook is a service hook's event with a resource.
func hook(eventType, resource string) connector.Request {
	r := connector.Request{
		Method: http.MethodPost, Header: http.Header{},
		Body: fmt.Appendf(nil, `{"id":"e-1","eventType":%q,"createdDate":"2026-11-20T12:00:00Z","message":null,"resource":%s}`, eventType, resource),
	}
	basic := &http.Request{Header: r.Header}
	basic.SetBasicAuth("hooks", "canary-password")
	return r
}

func hooked(t *testing.T) *connectortest.Client {
	t.Helper()
	return connectortest.New(t, New(), map[string]any{"url": "https://dev.azure.com/acme", "project": "Relay", "username": "hooks", "password": "canary-password"})
}

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
	for _, k := range kinds() {
		if k.hook == "" {
			continue
		}
		for _, resource := range []string{"null", "{}", `{"id":17,"url":"https://dev.azure.com/acme/_apis/x/17"}`, `[]`, `"x"`, `{"id":"x","commits":{},"fields":[],"release":7}`} {
			got, err := c.Receive(t.Context(), hook(k.hook, resource))
			if err != nil || got.Status != http.StatusOK {
				t.Errorf("%s with %s: %+v, %v", k.hook, resource, got, err)
			}
			for _, e := range got.Events {
				if err := e.Card.Validate(); err != nil || e.Key == "" {
					t.Errorf("%s with %s: %v", k.hook, resource, err)
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
	open := connectortest.New(t, New(), map[string]any{"url": "https://dev.azure.com/acme", "project": "Relay", "token": "x"})
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
		{"a kind", AzureDevOps{Kinds: []string{"build_*"}}, true},
		{"another kind", AzureDevOps{Kinds: []string{"push"}}, false},
		{"an excluded kind", AzureDevOps{Exclude: []string{"*completed"}}, false},
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
	var out bytes.Buffer
	for _, k := range describedKinds() {
		b, err := json.MarshalIndent(k.Sample.Card, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s\n%s\n", k.Name, b)
	}
	const file = "testdata/cards.golden"
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), out.String()); diff != "" {
		t.Error(diff)
	}
}

func FuzzResource(f *testing.F) {
	for _, seed := range []string{pushed, created, built, deployed, moved, made, `{"fields":{"System.Title":"<at>all</at>\u0000","System.State":{"oldValue":{},"newValue":[1]}},"comment":"x","title":"[x](javascript:y)","_links":{"web":{"href":"javascript:x"}}}`} {
		for n := range kinds() {
			f.Add(n, []byte(seed))
		}
	}
	a := &AzureDevOps{URL: "https://dev.azure.com/acme", Project: "Relay", Kinds: []string{"*"}}
	f.Fuzz(func(t *testing.T, n int, raw []byte) {
		r, _ := read(raw)
		k := kinds()[max(n, 0)%len(kinds())]
		e := a.made(refine(k, r), r, key(k, r, "1"), time.Time{})
		b, err := e.Card.MarshalJSON()
		if err := e.Card.Validate(); err != nil {
			t.Errorf("%s %s: %v", k.name, raw, err)
		}
		if err != nil || !json.Valid(e.Data) || bytes.Contains(b, []byte("<at>")) || bytes.Contains(b, []byte(`"javascript:`)) {
			t.Errorf("%s %s gives %s with %s, %v", k.name, raw, b, e.Data, err)
		}
	})
}

func TestTheContract(t *testing.T) {
	connectortest.Run(t, New(), connectortest.Options{
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
