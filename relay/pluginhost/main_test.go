package pluginhost

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// TestMain makes this binary its own plugin: run with the arguments "plugin MODE"
// it is a plugin that behaves well or badly, with "host" a relay's host.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "plugin" {
		runPlugin(os.Args[2])
		os.Exit(3)
	}
	if len(os.Args) > 1 && os.Args[1] == "host" {
		runHost()
	}
	goleak.VerifyTestMain(m)
}

// spec is a plugin that behaves as mode says.
func spec(t testing.TB, mode string) Spec {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The race detector otherwise makes each process take a second to end.
	return Spec{Name: mode, Path: path, Args: []string{"plugin", mode}, Env: []string{"GORACE=atexit_sleep_ms=0"}}
}

// log collects a host's log.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// quick are limits that let a test of supervision take a moment.
func quick() limits {
	return limits{
		Start: 10 * time.Second, Ping: 200 * time.Millisecond, Hang: 3 * time.Second, Restarts: 1, Restart: 50 * time.Millisecond,
		Healthy: 300 * time.Millisecond, Await: 5 * time.Second, Stop: 2 * time.Second, Drain: 500 * time.Millisecond,
	}
}

// newHost returns a host that is closed when the test ends, and its log.
func newHost(t testing.TB, o Options) (*Host, *log) {
	t.Helper()
	l := &log{}
	o.Log = zerolog.New(l).Level(zerolog.TraceLevel)
	h := New(o)
	t.Cleanup(func() {
		h.Close()
		if t.Failed() {
			t.Logf("the host's log:\n%s", l)
		}
	})
	return h, l
}

// adopt runs plugins and makes the host use them.
func adopt(t testing.TB, h *Host, specs ...Spec) *Set {
	t.Helper()
	set, err := h.Prepare(t.Context(), specs)
	if err != nil {
		t.Fatal(err)
	}
	h.Adopt(set)
	return set
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited too long until %s", what)
		}
	}
}

// contains reports whether the log holds all texts.
func contains(l *log, texts ...string) bool {
	all := l.String()
	for _, text := range texts {
		if !strings.Contains(all, text) {
			return false
		}
	}
	return true
}
