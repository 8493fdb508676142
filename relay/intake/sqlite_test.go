package intake

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/sqlite"
)

// TestWithAStoreOnDisk runs polls and hooks together, with a restart in between:
// the hook's address and the checkpoint are kept, and what was seen is not stored
// again.
func TestWithAStoreOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	p := &plugins{poll: counting, receive: one}
	var hookPath string
	for run := range 2 {
		s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		i := New(Options{Store: s, Plugins: p, Log: zerolog.Nop()})
		if err := i.Apply(t.Context(), []Spec{polled(t, "feed", "@every 1h"), receiving(t, "ci")}); err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			hookPath = i.Status()[0].HookPath
		}
		server := httptest.NewServer(i.Hooks())
		var posters sync.WaitGroup
		for n := range 16 {
			posters.Go(func() { postAll(t, server, hookPath, n) })
		}
		report, err := i.PollOnce(t.Context(), "feed")
		if err != nil || report.Events != 1 {
			t.Errorf("the poll came to %+v, %v", report, err)
		}
		posters.Wait()
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		i.Stop(ctx)
		cancel()
		lanes, err := s.Lanes(t.Context())
		if err != nil || len(lanes) != 1 {
			t.Fatalf("the lanes are %+v, %v", lanes, err)
		}
		polls := p.count("feed")
		if want := 16*10 + polls; lanes[0].Waiting != want || lanes[0].Channel != "a" {
			t.Errorf("run %d: %d deliveries wait, not %d", run+1, lanes[0].Waiting, want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// postAll posts ten events whose keys are the same in each run.
func postAll(t *testing.T, server *httptest.Server, path string, n int) {
	for e := range 10 {
		response, err := server.Client().Post(server.URL+path, "text/plain", strings.NewReader(fmt.Sprintf("%d-%d", n, e)))
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || string(body) != "1" {
			t.Errorf("answered %d %q, %v", response.StatusCode, body, err)
		}
	}
}

func BenchmarkHook(b *testing.B) {
	e := newEvent("")
	e.Card.Text = strings.Repeat("Something **went** wrong. ", 60)
	p := &plugins{receive: func(context.Context, pluginhost.Call, pluginhost.Request) (pluginhost.Reply, error) {
		return pluginhost.Reply{Body: []byte("1"), Events: []event.Event{e}}, nil
	}}
	m := newMemory()
	i := start(b, options(m, p), receiving(b, "ci"))
	handler := i.Hooks()
	body := strings.Repeat("x", 2000)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/hooks/token-of-ci", strings.NewReader(body)))
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

// counted is a store that says how many commits of a connector there were.
type counted struct {
	*sqlite.Store
	connector string
	commits   atomic.Int64
}

func (c *counted) Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error) {
	receipts, err := c.Store.Accept(ctx, b)
	if b.Connector == c.connector {
		c.commits.Add(1)
	}
	return receipts, err
}

// While a plugin's enormous batch is stored, a request waits for few of its commits.
func TestHostileBatchDoesNotHoldUpTheOthers(t *testing.T) {
	disk, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "relay.db"), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	s := &counted{Store: disk, connector: "feed"}
	p := feed(items(20_000))
	p.receive = one
	i := start(t, Options{Store: s, Plugins: p, Log: zerolog.Nop()}, polled(t, "feed", "@every 1h"), receiving(t, "ci"))
	var path string
	for _, st := range i.Status() {
		if st.Name == "ci" {
			path = st.HookPath
		}
	}
	polled := make(chan error, 1)
	go func() {
		_, err := i.PollOnce(t.Context(), "feed")
		polled <- err
	}()
	var waited []int64
	var longest time.Duration
	for done := false; !done; {
		before, began := s.commits.Load(), time.Now()
		if w := request(i, http.MethodPost, path, fmt.Sprint("post ", len(waited))); w.Code != http.StatusOK {
			t.Fatalf("answered %d %s", w.Code, w.Body)
		}
		waited, longest = append(waited, s.commits.Load()-before), max(longest, time.Since(began))
		select {
		case err := <-polled:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
		}
	}
	slices.Sort(waited)
	t.Logf("%d posts while %d commits were made; the longest took %s", len(waited), s.commits.Load(), longest)
	if most := waited[len(waited)*9/10]; len(waited) < 10 || most > 3 {
		t.Errorf("%d posts while the batch was stored, one of ten waited for more than %d of its commits", len(waited), most)
	}
}
