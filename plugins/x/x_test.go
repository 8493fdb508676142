package x

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

// service behaves as X's API does, and keeps the books.
type service struct {
	*httptest.Server
	t *testing.T

	mu    sync.Mutex
	now   time.Time
	posts []map[string]any // newest first
	quote bool             // each post quotes another
	read  map[string]int   // by month
	asked []string
	// trouble answers the next requests for posts, if it is set.
	trouble func(w http.ResponseWriter)
}

func newService(t *testing.T) *service {
	s := &service{t: t, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), read: make(map[string]int)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2/users/by", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"data": []any{map[string]any{"id": "1", "username": "Ada"}}, "errors": []any{map[string]any{"title": "Not Found Error", "value": "nobody"}}})
	})
	mux.HandleFunc("GET /2/users/1/tweets", s.timeline)
	mux.HandleFunc("GET /2/lists/9/tweets", s.timeline)
	mux.HandleFunc("GET /2/tweets/search/recent", s.timeline)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.URL.Path)
		if r.Header.Get("Authorization") != "Bearer canary" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (s *service) timeline(w http.ResponseWriter, r *http.Request) {
	if s.trouble != nil {
		s.trouble(w)
		return
	}
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("max_results"))
	least := map[string]int{"/2/users/1/tweets": 5, "/2/tweets/search/recent": 10, "/2/lists/9/tweets": 1}[r.URL.Path]
	if size < least || size > 100 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if since := q.Get("since_id"); r.URL.Path == "/2/tweets/search/recent" && since != "" && len(s.posts) > 0 && after(s.posts[len(s.posts)-1]["id"].(string), since) {
		w.WriteHeader(http.StatusBadRequest) // older than the window
		return
	}
	from, _ := strconv.Atoi(q.Get("pagination_token") + q.Get("next_token"))
	page := map[string]any{}
	var list, quoted []any
	n := from
	for ; n < len(s.posts) && len(list) < size; n++ {
		p := s.posts[n]
		if q.Get("since_id") != "" && !after(p["id"].(string), q.Get("since_id")) {
			n = len(s.posts)
			break
		}
		list = append(list, p)
		if s.quote {
			quoted = append(quoted, map[string]any{"id": fmt.Sprint("7", p["id"]), "text": "Before", "author_id": "2"})
		}
	}
	page["data"] = list
	page["includes"] = map[string]any{"users": []any{map[string]any{"id": "1", "name": "Ada", "username": "ada"}}, "tweets": quoted}
	if n < len(s.posts) {
		page["meta"] = map[string]any{"next_token": strconv.Itoa(n)}
	}
	s.read[s.now.Format("2006-01")] += len(list) + len(quoted)
	answer(w, page)
}

func (s *service) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// posts adds n posts.
func (s *service) add(n int) {
	s.change(func() {
		for range n {
			id := fmt.Sprint(1000 + len(s.posts))
			s.posts = append([]map[string]any{{"id": id, "text": "Post " + id, "author_id": "1", "created_at": s.now.Format(time.RFC3339)}}, s.posts...)
		}
	})
}

func (s *service) factory() connector.Connector {
	return &X{now: func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }}
}

func (s *service) arguments(more map[string]any) map[string]any {
	all := map[string]any{"users": []string{"ada"}, "token": "canary", "api": s.URL}
	maps.Copy(all, more)
	for name, v := range all {
		if v == nil {
			delete(all, name)
		}
	}
	return all
}

func (s *service) client(more map[string]any) *connectortest.Client {
	return connectortest.New(s.t, s.factory, s.arguments(more))
}

func (s *service) poll(c *connectortest.Client, at event.Checkpoint) connectortest.Polled {
	s.t.Helper()
	p, err := c.Poll(s.t.Context(), at)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func keys(p connectortest.Polled) string {
	var list []string
	for _, e := range p.Events() {
		list = append(list, strings.TrimPrefix(e.Key, "post:"))
	}
	return strings.Join(list, " ")
}

func TestNewPostsComeOldestFirst(t *testing.T) {
	for name, more := range map[string]map[string]any{
		"a user": nil, "a list": {"users": nil, "list": "9"}, "a search": {"users": nil, "search": "relay"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			c := s.client(more)
			s.add(30)
			first := s.poll(c, nil)
			if keys(first) != "" || s.read["2026-11"] > 10 {
				t.Errorf("the first poll posts %q and reads %d posts", keys(first), s.read["2026-11"])
			}
			s.add(3)
			second := s.poll(c, first.Checkpoint)
			if keys(second) != "1030 1031 1032" {
				t.Errorf("got %q", keys(second))
			}
			if p := s.poll(c, second.Checkpoint); keys(p) != "" {
				t.Errorf("then %q", keys(p))
			}
		})
	}
}

func TestTheFirstPostOfAnEmptyTimelineIsPosted(t *testing.T) {
	s := newService(t)
	c := s.client(nil)
	first := s.poll(c, nil)
	s.add(1)
	if p := s.poll(c, first.Checkpoint); keys(p) != "1000" {
		t.Errorf("got %q", keys(p))
	}
}

func TestManyPostsArePaged(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"budget": 10_000})
	s.add(5)
	first := s.poll(c, nil)
	s.add(250)
	second := s.poll(c, first.Checkpoint)
	if list := strings.Fields(keys(second)); len(list) != 250 || list[0] != "1005" || list[249] != "1254" {
		t.Errorf("%d posts", len(list))
	}
}

// What one poll does not read comes at the next ones, and none of it is paid for twice.
func TestWhatOnePollDoesNotReadComesAtTheNext(t *testing.T) {
	for name, more := range map[string]map[string]any{
		"a user": nil, "a list": {"users": nil, "list": "9"}, "a search": {"users": nil, "search": "relay"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			more := maps.Clone(more)
			if more == nil {
				more = make(map[string]any)
			}
			more["budget"] = 100_000
			c := s.client(more)
			p := s.poll(c, nil)
			const many = 2*100*maxPages + 30
			s.add(many)
			posted := make(map[string]bool)
			for poll := range 3 {
				if p = s.poll(c, p.Checkpoint); poll == 0 {
					s.change(func() { s.trouble = func(w http.ResponseWriter) { w.WriteHeader(503) } })
					if _, err := c.Poll(t.Context(), p.Checkpoint); err == nil {
						t.Error("a poll ends well although X is down")
					}
					s.change(func() { s.trouble = nil })
				}
				for _, e := range p.Events() {
					posted[e.Key] = true
				}
			}
			if len(posted) != many || s.read["2026-11"] != many {
				t.Errorf("of %d posts, %d were posted and %d paid for", many, len(posted), s.read["2026-11"])
			}
			s.add(1)
			if p = s.poll(c, p.Checkpoint); keys(p) != fmt.Sprint(1000+many) {
				t.Errorf("then %q", keys(p))
			}
		})
	}
}

// Where X refuses to go on from an old page, the posts come all the same.
func TestARefusedPageBeginsWithTheNewestPost(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"budget": 100_000})
	p := s.poll(c, nil)
	s.add(100*maxPages + 1)
	p = s.poll(c, p.Checkpoint)
	s.change(func() { s.trouble = func(w http.ResponseWriter) { w.WriteHeader(400) } })
	p, err := c.Poll(t.Context(), p.Checkpoint)
	if connector.KindOf(err) != connector.KindMisconfigured {
		t.Errorf("the error is %v", err)
	}
	s.change(func() { s.trouble, s.posts = nil, s.posts[:150:150] })
	if p = s.poll(c, p.Checkpoint); len(p.Events()) != 150 {
		t.Errorf("then %d posts", len(p.Events()))
	}
}

// The budget is never exceeded, whatever happens in a month, and what did not fit is
// posted in the next one.
func TestTheMonthsBudgetIsNeverExceeded(t *testing.T) {
	for _, quote := range []bool{false, true} {
		s := newService(t)
		s.quote = quote
		c := s.client(map[string]any{"budget": 100})
		posted := make(map[string]bool)
		p := s.poll(c, nil)
		at := p.Checkpoint
		for month := range 12 {
			for range 10 {
				s.add(7)
				c.Name += "'" // another process, which only has the checkpoint
				s.change(func() {
					s.trouble = nil
					if len(s.posts)%3 == 0 {
						s.trouble = func(w http.ResponseWriter) { w.WriteHeader(503) }
					}
				})
				p, _ = c.Poll(t.Context(), at)
				at = p.Checkpoint
				for _, e := range p.Events() {
					posted[e.Key] = true
				}
			}
			for name, read := range s.read {
				if read > 100 {
					t.Fatalf("in month %d: %d posts were read in %s", month, read, name)
				}
			}
			s.change(func() { s.now = s.now.AddDate(0, 1, 0) })
		}
		if len(posted) < 200 {
			t.Errorf("only %d posts were posted in a year", len(posted))
		}
	}
}

func TestASpentBudgetIsTold(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"budget": 20})
	s.add(3)
	p := s.poll(c, nil)
	if p.Note != "3 of 20 posts read in November" {
		t.Errorf("the note is %q", p.Note)
	}
	s.add(10)
	for range 3 {
		p = s.poll(c, p.Checkpoint)
	}
	if !strings.Contains(p.Note, "further posts wait for the next month") || p.Again < 10*24*time.Hour || p.Again > 12*24*time.Hour {
		t.Errorf("%q, again in %s", p.Note, p.Again)
	}
	asked := len(s.asked)
	s.poll(c, p.Checkpoint)
	if len(s.asked) != asked {
		t.Error("X is asked although the budget is spent")
	}
	s.change(func() { s.now = s.now.AddDate(0, 1, 0) })
	p = s.poll(c, p.Checkpoint)
	if p.Note == "" || strings.Contains(p.Note, "November") {
		t.Errorf("in the next month: %q", p.Note)
	}
}

func TestAnAnswerThatMakesNoSenseIsPaidForAllTheSame(t *testing.T) {
	s := newService(t)
	c := s.client(nil)
	p := s.poll(c, nil)
	s.trouble = func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"data":`)) }
	q, err := c.Poll(t.Context(), p.Checkpoint)
	if err == nil || connector.KindOf(err) != connector.KindTemporary || !strings.Contains(q.Note, "300 of 1000") && !bytes.Contains(q.Checkpoint, []byte(`"read":300`)) {
		t.Errorf("%v, %q, %s", err, q.Note, q.Checkpoint)
	}
}

func TestACorruptCheckpointReadsNothingThisMonth(t *testing.T) {
	s := newService(t)
	s.add(20)
	p := s.poll(s.client(nil), event.Checkpoint("nonsense"))
	if s.read["2026-11"] != 0 || keys(p) != "" || !strings.Contains(p.Note, "further posts wait") {
		t.Errorf("%d posts were read; %q", s.read["2026-11"], p.Note)
	}
}

func TestXsErrorsHaveTheirKinds(t *testing.T) {
	for status, want := range map[int]connector.ErrorKind{
		401: connector.KindUnauthorised, 402: connector.KindUnauthorised, 403: connector.KindUnauthorised, 429: connector.KindThrottled,
		400: connector.KindMisconfigured, 404: connector.KindMisconfigured, 500: connector.KindTemporary,
	} {
		s := newService(t)
		s.trouble = func(w http.ResponseWriter) {
			w.Header().Set("x-rate-limit-reset", fmt.Sprint(time.Now().Add(time.Hour).Unix()))
			w.WriteHeader(status)
			answer(w, map[string]any{"errors": []any{map[string]any{"code": 88}}})
		}
		_, err := s.client(nil).Poll(t.Context(), nil)
		if connector.KindOf(err) != want || err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d: %v (%s), want %s", status, err, connector.KindOf(err), want)
		}
	}
}

func TestXsOwnLimitIsObeyed(t *testing.T) {
	s := newService(t)
	s.trouble = func(w http.ResponseWriter) {
		w.Header().Set("x-rate-limit-remaining", "0")
		w.Header().Set("x-rate-limit-reset", fmt.Sprint(s.now.Add(9*time.Minute).Unix()))
		answer(w, map[string]any{})
	}
	if p := s.poll(s.client(nil), nil); p.Again != 9*time.Minute {
		t.Errorf("again in %s", p.Again)
	}
}

func TestAUserThatXDoesNotKnowIsTold(t *testing.T) {
	s := newService(t)
	s.add(1)
	p := s.poll(s.client(map[string]any{"users": []string{"ada", "nobody"}, "initial": 1}), nil)
	if keys(p) != "1000" || !strings.Contains(p.Note, "X does not know nobody") {
		t.Errorf("%q, %q", keys(p), p.Note)
	}
}

func TestRepliesAreLeftOutUnlessAskedFor(t *testing.T) {
	x := &X{now: time.Now, Replies: true}
	_, ok := x.event(post{ID: "5", Text: "x", References: []reference{{Type: "replied_to", ID: "4"}}}, includes{})
	if _, off := (&X{}).event(post{ID: "5", References: []reference{{Type: "replied_to"}}}, includes{}); !ok || off {
		t.Errorf("replies: %t when asked for, %t otherwise", ok, off)
	}
}

func TestTextsAreWrittenOut(t *testing.T) {
	for _, test := range []struct {
		text  string
		links []link
		want  string
	}{
		{"R&amp;D: 1 &lt; 2 &lt;at&gt;", nil, `R&D: 1 &lt; 2 &lt;at\>`},
		{"🎉 see https://t.co/a now", []link{{Start: 6, End: 20, Expanded: "https://example.com/(a)", Display: "example.com/(a)"}}, `🎉 see [example.com/\(a\)](https://example.com/%28a%29) now`},
		{"Look! https://t.co/b", []link{{Start: 6, End: 20, Expanded: "https://x.com/ada/status/1/photo/1", Media: "3_1"}}, `Look\!`},
		{"Nowhere", []link{{Start: 900, End: 901, Expanded: "https://a.example/"}, {Start: 5, End: 2}}, "Nowhere"},
		{"see https://t.co/c", []link{{Start: 4, End: 18, Expanded: "javascript:alert(1)", Display: "click"}}, "see click"},
	} {
		p := post{Text: test.text, Entities: entities{URLs: test.links}}
		if got := p.markdown(); got != test.want {
			t.Errorf("%q gives %q, want %q", test.text, got, test.want)
		}
	}
}

// TestCards compares the card of every kind with what it should be.
func TestCards(t *testing.T) {
	golden.Assert(t, connectortest.Samples(t, New().Describe().Kinds), "cards.golden")
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"data":[{"id":"1","text":"a https://t.co/a","author_id":"1","entities":{"urls":[{"start":2,"end":16,"expanded_url":"javascript:x"}]}}]}`))
	f.Add([]byte(`{"data":[{"id":"1","text":"<at>all</at>\u0000","note_tweet":{"text":"[x](y)"},"attachments":{"media_keys":["k"]}}],"includes":{"media":[{"media_key":"k","url":"file:///x"}],"users":[{"username":"<"}]}}`))
	f.Add([]byte(`{"data":[{"id":"1","text":"a","author_id":"1"}],"includes":{"users":[{"id":"1","name":" \u0007","username":"\t"}]}}`))
	x := &X{Replies: true, Reposts: true}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p page
		if json.Unmarshal(raw, &p) != nil {
			return
		}
		for _, one := range p.Data {
			if e, ok := x.event(one, p.Includes); ok {
				connectortest.Harmless(t, e)
			}
		}
	})
}

func TestTheContract(t *testing.T) {
	invalid := []connectortest.Invalid{
		{Argument: "users", Value: []string{"@ada"}}, {Argument: "budget", Value: 0}, {Argument: "initial", Value: 1000}, {Argument: "api", Value: "x"},
	}
	connectortest.Run(t, New, connectortest.Options{
		Start: func(t *testing.T) map[string]any {
			s := newService(t)
			s.add(5)
			return s.arguments(map[string]any{"initial": 3})
		},
		Invalid: invalid,
	})
	if problems := (&X{Users: slices.Repeat([]string{"a"}, 101), API: "https://api.x.com", Budget: 1}).Validate(); len(problems) != 1 {
		t.Errorf("too many users: %v", problems)
	}
	if problems := (&X{List: "nine", Search: strings.Repeat("é", 513), API: "https://api.x.com", Budget: 1}).Validate(); len(problems) != 3 {
		t.Errorf("a list that is no number, a search that is too long, and both: %v", problems)
	}
}
