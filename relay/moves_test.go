package relay

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/connector-relay/relay/relay/store/storetest"
)

const renamed = `relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "devs" { type = "inbox" }
connector "webhook" "build" {
  route { to = [channel.devs] }
}
connector "webhook" "new" {
  route { to = [channel.devs] }
}
moved {
  from = channel.dev
  to   = channel.devs
}
moved {
  from = connector.ci
  to   = connector.build
}
`

// TestARenameThatFailsIsUndone lets a reload fail after what is kept has moved: the old
// names have it again, with the hook's URL, until a reload succeeds.
func TestARenameThatFailsIsUndone(t *testing.T) {
	r, f, rewrite := running(t, before, nil)
	hook := func(name string) string {
		t.Helper()
		list, err := r.desk.Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if c.Name == name {
				return filepath.Base(c.HookURL)
			}
		}
		t.Fatalf("there is no connector %s in %+v", name, list)
		return ""
	}
	first := hook("ci")
	takes(t, r, "ci", "dev")
	rewrite(renamed)
	f.Inject(storetest.Fail(errFaulty, "OpenConnector"))
	if _, err := r.Reload(t.Context()); !errors.Is(err, errFaulty) {
		t.Fatalf("the reload returned %v", err)
	}
	f.Inject(nil)
	if hook("ci") != first {
		t.Error("the connector has lost its URL")
	}
	kept, err := r.store.Connectors(t.Context())
	if err != nil || len(kept) != 1 || kept[0].Name != "ci" || kept[0].LastEvent.IsZero() {
		t.Errorf("the store keeps %+v, error %v", kept, err)
	}
	takes(t, r, "ci", "dev")
	if _, err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if hook("build") != first {
		t.Error("the renamed connector has another URL")
	}
	takes(t, r, "build", "devs")
}
