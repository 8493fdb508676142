package intake

import (
	"context"
	"net/http"
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
		p := &plugins{receive: func(_ context.Context, _ pluginhost.Source, r pluginhost.Request) (pluginhost.Reply, error) {
			if len(r.Body) > 1000 {
				most.Store(max(most.Load(), large.Add(1)))
				defer large.Add(-1)
				time.Sleep(time.Second)
			}
			return pluginhost.Reply{}, nil
		}}
		o := options(newMemory(), p)
		o.Memory = 1 // the least bounds
		i := start(t, o, hook(t, "ci"))
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
		if count[http.StatusOK] != leastBodies/len(body) || count[http.StatusOK]+count[http.StatusServiceUnavailable] != 50 {
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

// TestNobodyWaitsForEver: when the plugin takes too long over the one before, a large
// body is given up.
func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plugins{receive: func(context.Context, pluginhost.Source, pluginhost.Request) (pluginhost.Reply, error) {
			time.Sleep(2 * patience)
			return pluginhost.Reply{}, nil
		}}
		o := options(newMemory(), p)
		o.Memory = 1
		i := start(t, o, hook(t, "ci"))
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
