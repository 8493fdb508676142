package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestEveryPageIsForEverybody follows every link from the overview, and has axe look at
// each page, on a desktop and on a phone, in light and dark: it finds nothing serious.
// Nothing is wider than a phone. With SCREENSHOTS, a folder gets a picture of each.
func TestEveryPageIsForEverybody(t *testing.T) {
	p := livedIn(t)
	axe := axeScript(t)
	w := startBrowser(t).open(t, desktop(), p.dashboard())
	seen, paths := map[string]bool{}, []string{"/", "/nowhere"}
	for len(paths) > 0 {
		path := paths[0]
		paths = paths[1:]
		if shape := regexp.MustCompile(`\d+`).ReplaceAllString(path, "0"); seen[shape] {
			continue
		} else {
			seen[shape] = true
		}
		w.visit(path)
		paths = append(paths, ask[[]string](w, `[...document.links].filter(a => a.origin === location.origin && !a.download).map(a => a.pathname + (a.search.startsWith("?type=") || a.pathname === "/configuration/file" ? a.search + a.hash : ""))`)...)
		do(w, chromedp.Evaluate[int](axe+"; 0"))
		for name, l := range looks() {
			w.turn(l)
			for _, complaint := range complaints(t, w) {
				t.Errorf("%s on a %s: %s", path, name, complaint)
			}
			if width := ask[int64](w, "document.documentElement.scrollWidth"); width > l.width {
				t.Errorf("%s on a %s is %d pixels wide", path, name, width)
			}
			keepScreenshot(t, w, path+" "+name)
		}
	}
	ask[int](w, `document.body.append(new Image(), document.createElement("button")), 0`)
	if got := complaints(t, w); len(got) != 2 {
		t.Errorf("axe looks at a picture and a button that say nothing, and says %q", got)
	}
	if len(seen) < 15 {
		t.Errorf("only these pages were found: %v", seen)
	}
}

// dashboard is the address of the pages.
func (p *process) dashboard() string {
	p.t.Helper()
	status, err := p.client.Status(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return "http://" + status.Dashboard
}

// axeScript installs axe-core, whose version testdata/npm pins.
func axeScript(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(npmModules(t), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// complaints has axe look at the page, and returns what it finds serious.
func complaints(t *testing.T, w *window) []string {
	t.Helper()
	type violation struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	list, err := chromedp.Run(w.ctx, chromedp.Evaluate[[]violation](`axe.run({ resultTypes: ["violations"] }).then(r => r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => (
		{ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => ({ html: n.html, failureSummary: n.failureSummary })) })))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, v := range list {
		for _, n := range v.Nodes {
			found = append(found, fmt.Sprintf("%s (%s): %s\n%s\n%s", v.Help, v.ID, v.Impact, n.HTML, n.FailureSummary))
		}
	}
	return found
}

// keepScreenshot puts a picture of the page into the folder SCREENSHOTS, if it is set.
func keepScreenshot(t *testing.T, w *window, name string) {
	t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	file := filepath.Join(dir, strings.NewReplacer("/", "_", " ", "-").Replace(name)+".png")
	if err := os.WriteFile(file, do(w, chromedp.FullScreenshot(100)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// livedIn is a relay that has seen something: cards that came and cards that did not, a
// mute, a pause, sources that are not there.
func livedIn(t *testing.T) inhabited {
	c := newChat(t)
	c.trouble("releases", func(int) string { return troubleBadCard })
	p := startRelay(t, writeConfig(t, fmt.Sprintf(`
relay {
  listen = "127.0.0.1:0"
  ops    = channel.ops
}
dashboard { listen = "127.0.0.1:0" }
team "platform" { members = ["lead@example.com"] }
channel "lobby" { type = "inbox" }
channel "ops" { type = "inbox" }
channel "releases" {
  type = "office365"
  url  = "%[1]s/office365/releases"
}
channel "dev" {
  type = "office365"
  url  = "%[1]s/office365/dev"
  team = team.platform
}
connector "webhook" "ci" {
  title = "Build server"
  route { to = [channel.lobby, channel.releases, channel.dev] }
}
connector "webhook" "picky" {
  route {
    when = event.card.title == "Wanted"
    to   = [channel.lobby]
  }
}
connector "rss" "blog" {
  url = "http://127.0.0.1:9/feed"
  route { to = [channel.lobby] }
}
`, c.server.URL)))
	for _, command := range [][]string{
		{"pause", "dev", "--reason", "we are moving house"},
		{"mute", "when", `event.card.title == "Noise"`, "--connector", "ci", "--for", "3d", "--reason", "it is known"},
	} {
		if _, errOut, err := p.run(command...); err != nil {
			t.Fatalf("relay %v: %v\n%s", command, err, errOut)
		}
	}
	for hook, titles := range map[string][]string{"ci": {"Release 1.0", "Noise"}, "picky": {"Not wanted"}} {
		for _, title := range titles {
			if !postCard(http.DefaultClient, p.hook(hook), title) {
				t.Fatalf("%s was not accepted", title)
			}
		}
	}
	rich, err := os.ReadFile(filepath.Join("..", "..", "relay", "card", "testdata", "cards", "pictures.json"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(p.hook("ci"), "application/json", strings.NewReader(string(rich)))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(err, resp)
	}
	resp.Body.Close()
	p.eventually("there are dead letters", func() bool {
		s, err := p.client.Status(t.Context())
		return err == nil && s.Dead == 2
	})
	return inhabited{p, c}
}

// inhabited is a relay with the chat system that its cards go to.
type inhabited struct {
	*process
	chat *chatServer
}
