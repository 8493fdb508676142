package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/operator"
)

// freePort is a port that nothing listens on.
func freePort(t testing.TB) string {
	t.Helper()
	n, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	_, port, _ := net.SplitHostPort(n.Addr().String())
	return port
}

// reloading is a relay whose reloads are made to fail.
type reloading struct {
	*process
	chat *chatServer
	feed string
	// hooks and pages are the addresses that the configuration names.
	hooks, pages string
	cards        int
}

// config is a configuration; the next one changes all that can be changed.
func (r *reloading) text(next bool, more string) string {
	text := fmt.Sprintf("relay {\n  listen = %q\n  http { allow = [\"127.0.0.0/8\"] }\n}\ndashboard { listen = %q }\n", r.hooks, r.pages)
	rate, schedule := "100/s", "@every 1h"
	if next {
		rate, schedule = "50/s", "@every 2h"
		text += fmt.Sprintf("channel \"new\" {\n  type = \"office365\"\n  url = \"%s/office365/new\"\n}\n", r.chat.server.URL)
		text += "connector \"webhook\" \"new\" {\n  route { to = [channel.new] }\n}\n"
	} else {
		text += "connector \"webhook\" \"old\" {\n  route { to = [channel.dev] }\n}\n"
	}
	text += fmt.Sprintf("channel \"dev\" {\n  type = \"office365\"\n  url = \"%s/office365/dev\"\n  rate = %q\n}\n", r.chat.server.URL, rate)
	text += "connector \"webhook\" \"ci\" {\n  route { to = [channel.dev] }\n}\n"
	text += fmt.Sprintf("connector \"rss\" \"blog\" {\n  url = %q\n  schedule = %q\n  initial = 1\n  route { to = [channel.dev] }\n}\n", r.feed, schedule)
	return text + more
}

// runsWhole fails unless a configuration runs with all its parts: hooks answer, cards
// arrive, pages are served.
func (r *reloading) runsWhole(connectors ...string) {
	r.t.Helper()
	status, err := r.client.Status(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	if status.Listen != r.hooks || status.Dashboard != r.pages {
		r.t.Errorf("it listens on %s and %s, not on %s and %s", status.Listen, status.Dashboard, r.hooks, r.pages)
	}
	list, err := r.client.Connectors(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	urls := hooks(list)
	for _, name := range connectors {
		r.cards++
		title := fmt.Sprintf("card %d", r.cards)
		if !postCard(http.DefaultClient, urls[name], title) {
			r.t.Fatalf("the hook of %s took no card\n%s", name, tail(r.log.String()))
		}
		room := "dev"
		if name == "new" {
			room = "new"
		}
		r.eventually(title+" has arrived", func() bool {
			shown := r.chat.shown(room)
			return len(shown) > 0 && shown[len(shown)-1] == title
		})
	}
	if !strings.Contains(r.page("/"), "dev") {
		r.t.Error("the page does not show the channel")
	}
	list = slices.DeleteFunc(list, func(c operator.Connector) bool { return !c.Enabled }) // those that were removed
	if got, want := len(list), len(connectors)+1; got != want {
		r.t.Errorf("there are %d connectors, not %d", got, want)
	}
}

// obstruct makes a reload fail: it returns what the configuration says then, and how
// to take the obstacle away.
type obstruct func(t *testing.T, r *reloading) (more string, remove func())

// taken occupies the address that a listener is to move to.
func taken(address func(*reloading) *string) obstruct {
	return func(t *testing.T, r *reloading) (string, func()) {
		n, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*address(r) = n.Addr().String()
		return "", func() { n.Close() }
	}
}

func pluginObstacle(name, script string) obstruct {
	return func(t *testing.T, r *reloading) (string, func()) {
		path := filepath.Join(filepath.Dir(r.config), name)
		if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("plugin %q { path = %q }\n", name, path), func() {}
	}
}

func saying(more string) obstruct {
	return func(*testing.T, *reloading) (string, func()) { return more, func() {} }
}

// TestAnObstacleToAReloadChangesNothing puts what a reload meets in the world in the way of a
// real relay. The old configuration then runs whole, the status says what happened,
// and the next reload, with the obstacle gone, does all of it.
func TestAnObstacleToAReloadChangesNothing(t *testing.T) {
	steps := map[string]obstruct{
		"the file is invalid":                     saying("channel \"x\" {"),
		"a schedule is none":                      saying("connector \"rss\" \"bad\" {\n  url = \"http://127.0.0.1:1/\"\n  schedule = \"TZ=UTC\"\n  route { to = [channel.dev] }\n}\n"),
		"a channel's certificates cannot be read": saying("channel \"tls\" {\n  type = \"slack\"\n  url = \"https://127.0.0.1/\"\n  http { ca_file = \"missing.pem\" }\n}\n"),
		"a plugin ends at once":                   pluginObstacle("ends", "#!/bin/sh\nexit 3\n"),
		"a plugin speaks another protocol":        pluginObstacle("speaks", "#!/bin/sh\necho hello\nexec sleep 60\n"),
		"the hooks' address is taken":             taken(func(r *reloading) *string { return &r.hooks }),
		"the dashboard's address is taken":        taken(func(r *reloading) *string { return &r.pages }),
	}
	r := &reloading{chat: newChat(t), feed: newFeed(t, "blog").server.URL, hooks: "127.0.0.1:" + freePort(t), pages: "127.0.0.1:" + freePort(t)}
	r.process = newProcess(t, writeConfig(t, ""), "relay")
	r.rewrite(r.text(false, ""))
	r.start()
	for name, obstacle := range steps {
		t.Run(name, func(t *testing.T) {
			r.runsWhole("ci", "old")
			hooks, pages := r.hooks, r.pages
			r.hooks = "127.0.0.1:" + freePort(t)
			more, remove := obstacle(t, r)
			r.rewrite(r.text(true, more))
			if _, err := r.client.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing has changed") {
				t.Fatalf("the reload returned %v", err)
			}
			newHooks, newPages := r.hooks, r.pages
			r.hooks, r.pages = hooks, pages
			remove()
			if c, err := net.Dial("tcp", newHooks); err == nil {
				c.Close()
				t.Error("the new address is bound, and nobody serves it")
			}
			r.runsWhole("ci", "old")
			if _, err := r.client.Poll(t.Context(), "blog"); err != nil {
				t.Errorf("the feed cannot be polled: %v", err)
			}

			r.hooks, r.pages = newHooks, newPages
			r.rewrite(r.text(true, ""))
			if _, err := r.client.Reload(t.Context()); err != nil {
				t.Fatalf("the next reload: %v", err)
			}
			r.runsWhole("ci", "new")
			r.rewrite(r.text(false, ""))
			if _, err := r.client.Reload(t.Context()); err != nil {
				t.Fatalf("back: %v", err)
			}
		})
	}
}

// TestListenersMoveOntoTheirOwnAddresses: from one address to all and back, and from
// one to the other's place, on the same ports.
func TestListenersMoveOntoTheirOwnAddresses(t *testing.T) {
	r := &reloading{chat: newChat(t), feed: newFeed(t, "blog").server.URL}
	a, b := freePort(t), freePort(t)
	r.hooks, r.pages = "127.0.0.1:"+a, "127.0.0.1:"+b
	r.process = newProcess(t, writeConfig(t, ""), "relay")
	r.rewrite(r.text(false, ""))
	r.start()
	for _, move := range [][2]string{{"0.0.0.0:" + a, "127.0.0.1:" + b}, {"127.0.0.1:" + a, "127.0.0.1:" + b}, {"127.0.0.1:" + b, "127.0.0.1:" + a}, {"127.0.0.1:" + a, "127.0.0.1:" + b}} {
		r.hooks, r.pages = move[0], move[1]
		r.rewrite(r.text(false, ""))
		if _, err := r.client.Reload(t.Context()); err != nil {
			t.Fatalf("to %v: %v", move, err)
		}
		r.runsOn(move)
	}
	// Nobody else gets in meanwhile.
	if n, err := net.Listen("tcp", r.hooks); err == nil {
		n.Close()
		t.Errorf("%s can be had by others", r.hooks)
	}
}

// runsOn fails unless both listeners answer as what they are.
func (r *reloading) runsOn(move [2]string) {
	r.t.Helper()
	for i, path := range []string{"/hooks/none", "/readyz"} {
		_, port, _ := net.SplitHostPort(move[i])
		r.eventually(fmt.Sprintf("%s answers on %s", path, move[i]), func() bool {
			resp, err := http.Get("http://127.0.0.1:" + port + path)
			if err != nil {
				return false
			}
			resp.Body.Close()
			return resp.StatusCode == []int{http.StatusNotFound, http.StatusOK}[i]
		})
	}
	list, err := r.client.Connectors(r.t.Context())
	if err != nil || len(list) != 3 {
		r.t.Fatalf("%v, %v", list, err)
	}
	for _, c := range list {
		if c.HookURL != "" && !postCard(http.DefaultClient, strings.Replace(c.HookURL, "0.0.0.0", "127.0.0.1", 1), "moved") {
			r.t.Errorf("the hook %s takes no card", c.Name)
		}
	}
}
