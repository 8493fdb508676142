package intake

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/pluginhost"
)

// TestHostileCrowdOfLargeBodies: of more large bodies than there is memory for, the
// first wait for each other, and the rest is asked to come again. Small ones get
// through all the same.
func TestHostileCrowdOfLargeBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var large, most atomic.Int64
		p := &plugins{receive: func(_ context.Context, _ pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
			if len(r.Body) > 1000 {
				most.Store(max(most.Load(), large.Add(1)))
				defer large.Add(-1)
				time.Sleep(time.Second)
			}
			return pluginhost.Reply{}, nil
		}}
		o := options(newMemory(), p)
		o.Memory = 1 // the least bounds
		i := start(t, o, receiving(t, "ci"))
		body := strings.Repeat("x", 900<<10)
		answers := make(chan int, 50)
		for range 50 {
			go func() {
				w := request(i, http.MethodPost, "/hooks/token-of-ci", body)
				if w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
					t.Error("nobody is told when to come again")
				}
				answers <- w.Code
			}()
		}
		synctest.Wait()
		began := time.Now()
		if code := request(i, http.MethodPost, "/hooks/token-of-ci", "small").Code; code != http.StatusOK || time.Since(began) > 0 {
			t.Errorf("a small one was answered %d after %s", code, time.Since(began))
		}
		count := make(map[int]int)
		for range 50 {
			count[<-answers]++
		}
		// Those that were given up had room for a while, which others missed.
		if n := count[http.StatusOK]; n < leastBodies/len(body)/2 || n > leastBodies/len(body) || n+count[http.StatusServiceUnavailable] != 50 {
			t.Errorf("the answers were %v", count)
		}
		if most.Load() != 1 {
			t.Errorf("%d were handled at a time", most.Load())
		}
		if code := request(i, http.MethodPost, "/hooks/token-of-ci", body).Code; code != http.StatusOK {
			t.Errorf("when all is over, a large one was answered %d", code)
		}
	})
}

// TestHostileAnnouncementsKeepNobodyOut: senders that announce large bodies and are slow
// to send them have no more room than for what has come in.
func TestHostileAnnouncementsKeepNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(newMemory(), &plugins{receive: func(context.Context, pluginhost.Call, pluginhost.Request) (pluginhost.Reply, error) {
			return pluginhost.Reply{}, nil
		}})
		o.Memory = 1
		i := start(t, o, receiving(t, "ci"), receiving(t, "other"))
		var slow []*io.PipeWriter
		for range 100 {
			body, w := io.Pipe()
			slow = append(slow, w)
			r := httptest.NewRequest(http.MethodPost, "/hooks/token-of-ci", body)
			r.ContentLength = 900 << 10
			go i.Hooks().ServeHTTP(httptest.NewRecorder(), r)
			_, _ = w.Write([]byte("{"))
		}
		synctest.Wait()
		if code := request(i, http.MethodPost, "/hooks/token-of-other", strings.Repeat("x", 500<<10)).Code; code != http.StatusOK {
			t.Errorf("while others are slow, a body was answered %d", code)
		}
		for _, w := range slow {
			w.Close()
		}
		synctest.Wait()
		if !i.budget.bodies.TryAcquire(i.budget.bodies.size) {
			t.Error("some of the room was not given back")
		}
	})
}

// TestNobodyWaitsForEver: when the plugin takes too long over the one before, a large
// body is given up.
func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plugins{receive: func(context.Context, pluginhost.Call, pluginhost.Request) (pluginhost.Reply, error) {
			time.Sleep(2 * patience)
			return pluginhost.Reply{}, nil
		}}
		o := options(newMemory(), p)
		o.Memory = 1
		i := start(t, o, receiving(t, "ci"))
		body := strings.Repeat("x", 900<<10)
		go request(i, http.MethodPost, "/hooks/token-of-ci", body)
		synctest.Wait()
		began := time.Now()
		w := request(i, http.MethodPost, "/hooks/token-of-ci", body)
		if took := time.Since(began); w.Code != http.StatusServiceUnavailable || took != patience {
			t.Errorf("answered %d after %s", w.Code, took)
		}
	})
}
