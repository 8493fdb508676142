package azuredevops

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

// service behaves as Azure DevOps does, for the project Relay.
type service struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	now    time.Time
	things map[string][]string // by the path's end: what happened, as JSON
	// changed are the numbers of work items.
	changed []int
	// trouble, if set, answers the next requests.
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

// wiql answers with the work items that were changed, as the query asks.
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

// list answers with a page: Git and work items by $skip, everything else by a token.
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
	return connectortest.New(s.t, New, s.arguments(more))
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

// everything makes each thing happen once.
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

// hook returns a service hook's event with a resource.
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
	return connectortest.New(t, New, map[string]any{"url": "https://dev.azure.com/acme", "project": "Relay", "username": "hooks", "password": "canary-password"})
}
