package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/event"
)

// writeFolder makes a folder with these files.
func writeFolder(t *testing.T, files map[string]string) {
	t.Helper()
	for name, source := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func decodeFolder(t *testing.T, path string) (*File, *Config, hcl.Diagnostics) {
	t.Helper()
	f, diags := Parse(Options{Path: path, Systems: systems.All()})
	c, more := f.Decode(connectorTypes())
	return f, c, append(diags, more...)
}

func TestFilesOfAFolderAreOneConfiguration(t *testing.T) {
	workplace(t)
	writeFolder(t, map[string]string{
		"conf/relay.hcl":      `relay { ops = channel.lobby }`,
		"conf/channels.hcl":   `channel "lobby" { type = "inbox" }`,
		"conf/teams/blog.hcl": `this is not read`,
		"conf/.swap.hcl":      `nor is this`,
		"conf/notes.txt":      `nor is this`,
		"conf/secrets/token":  "canary-token",
		"conf/blog.hcl": `
connector "kitchen" "blog" {
  token = file("secrets/token")
  route {
    when = event.kind == "a"
    to   = [channel.lobby]
  }
}`,
	})
	if err := os.Symlink("blog.hcl", "conf/zz-linked.hcl"); err != nil {
		t.Fatal(err)
	}
	_, _, diags := decodeFolder(t, "conf")
	if !strings.Contains(diags.Error(), `There is already a connector "blog" in conf/blog.hcl on line 2`) {
		t.Errorf("a link is not read: %v", diags)
	}
	if err := os.Remove("conf/zz-linked.hcl"); err != nil {
		t.Fatal(err)
	}
	f, c, diags := decodeFolder(t, "conf")
	if err := f.Error(diags); err != nil {
		t.Fatal(err)
	}
	dir := root(t)
	if c.Path != "conf" || c.Relay.Store != dir+"/conf/relay.db" || c.Relay.Socket != dir+"/conf/relay.sock" || c.Relay.Ops != "lobby" {
		t.Errorf("relay: %+v", c.Relay)
	}
	if at := c.Connectors[0].Range; at.Filename != "conf/blog.hcl" || at.Start.Line != 2 {
		t.Errorf("the connector is at %v", at)
	}
	if reason := c.Connectors[0].Routes[0].Apply("blog", event.Event{Kind: "b"}).Reason; !strings.Contains(reason, "event.kind") {
		t.Errorf("the route's reason is %q", reason)
	}
	if token, err := c.Connectors[0].Arguments.Secrets()[0].Reveal(); err != nil || token != "canary-token" {
		t.Errorf("the token was not read below the folder: %v", err)
	}
}

func TestMistakesInAFolderNameTheirFiles(t *testing.T) {
	workplace(t)
	writeFolder(t, map[string]string{
		"conf/a.hcl": `
relay { log = "info" }
channel "lobby" { type = "inbox" }
team "t" { members = ["a@example.com"] }
moved {
  from = channel.old
  to   = channel.lobby
}
listen = "127.0.0.1:1"`,
		"conf/b.hcl": `
relay { log = "debug" }
channel "lobby" { type = "inbox" }
moved {
  from = channel.old
  to   = channel.lobby
}
connector "kitchen" "sink" {
  token = ["canary"]
  route { to = [channel.loby] }
}`,
	})
	f, _, diags := decodeFolder(t, "conf")
	shown := render(t, f, diags)
	for _, want := range []string{
		"on conf/a.hcl line 9:\n   9: listen = \"***********\"", "belongs in the relay block",
		"Only one relay block is allowed here; the first is in conf/a.hcl on line 2.",
		"There is already a channel \"lobby\" in conf/a.hcl on line 3;",
		"There is already a moved block in conf/a.hcl on line 6",
		"on conf/b.hcl line 10, in connector \"kitchen\" \"sink\":",
		"  9:   token = [\"******\"]",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing in\n%s", want, shown)
		}
	}
}

func TestAFolderWithoutFiles(t *testing.T) {
	workplace(t)
	writeFolder(t, map[string]string{"conf/.hidden.hcl": ""})
	f, diags := Parse(Options{Path: "conf", Systems: systems.All()})
	if err := f.Error(diags); err == nil || !strings.Contains(err.Error(), `no .hcl file in the folder "conf"`) || f.Readable() {
		t.Errorf("error: %v", err)
	}
}

// The commands find a relay's socket while somebody is in the middle of an edit.
func TestTheStoreIsKnownDespiteSyntaxErrors(t *testing.T) {
	workplace(t)
	writeFolder(t, map[string]string{
		"conf/a.hcl":     `connector "rss" "blog" { url = `,
		"conf/relay.hcl": `relay { store = "data/events.db" }`,
	})
	f, diags := Parse(Options{Path: "conf", Systems: systems.All()})
	if !diags.HasErrors() || f.State().Socket != root(t)+"/conf/data/events.sock" {
		t.Errorf("socket %s, %v", f.State().Socket, diags)
	}
}

func TestSourcesAreParsedAgainWithoutTheirFiles(t *testing.T) {
	workplace(t)
	writeFolder(t, map[string]string{
		"conf/a.hcl": `channel "lobby" { type = "inbox" }`,
		"conf/b.hcl": `relay { ops = channel.lobby }`,
	})
	f, before, diags := decodeFolder(t, "conf")
	if err := f.Error(diags); err != nil {
		t.Fatal(err)
	}
	writeFolder(t, map[string]string{"conf/a.hcl": `channel "foyer" { type = "inbox" }`})
	again, diags := Parse(Options{Path: "conf", Sources: f.Sources(), Systems: systems.All()})
	c, more := again.Decode(connectorTypes())
	if err := again.Error(append(diags, more...)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Channels[0].Name, c.Channels[0].Name); diff != "" || before.Relay.Store != c.Relay.Store {
		t.Error(diff)
	}
}
