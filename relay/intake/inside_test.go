package intake

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/pluginhost"
)

// TestACardPostedFromInside goes the way of every other request.
func TestACardPostedFromInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		receive := func(ctx context.Context, c pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
			if r.Remote != "127.0.0.1" || r.Header.Get("Content-Type") != "application/json" || r.Method != http.MethodPost {
				return pluginhost.Reply{Status: http.StatusForbidden, Body: []byte("This address may not post here.")}, nil
			}
			return one(ctx, c, r)
		}
		m := newMemory()
		blog := polled(t, "blog", "")
		blog.Receives = false
		i := start(t, options(m, &plugins{receive: receive}), receiving(t, "ci"), blog)
		a, err := i.Post(t.Context(), "ci", []byte("a"))
		if diff := cmp.Diff(Answer{Status: 200, Body: "1", Events: []int64{1}}, a); diff != "" || err != nil {
			t.Errorf("%v: %s", err, diff)
		}
		if len(m.batches()) != 1 || i.HookURLs()[0].Used.IsZero() {
			t.Error("it was not stored, or the hook URL was not used")
		}
		if _, err := i.Post(t.Context(), "blog", nil); !errors.Is(err, ErrNoHook) {
			t.Errorf("a polled connector: %v", err)
		}
		if _, err := i.Post(t.Context(), "unheard-of", nil); !errors.Is(err, ErrNoConnector) {
			t.Errorf("no connector: %v", err)
		}
	})
}
