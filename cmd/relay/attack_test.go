package main

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/store"
)

// injections would run, style, load or lead elsewhere if a page took them for more than text.
func injections() []string {
	return []string{
		`<script>window.ran=1</script>`, `"><img src=x onerror=window.ran=1>`, `<svg onload=window.ran=1>`, `' onfocus=window.ran=1 autofocus='`,
		`javascript:window.ran=1`, `[x](javascript:window.ran=1)`, `[x](  JaVaScRiPt&colon;window.ran=1)`, `![x](https://evil.example/p.png)`,
		`</textarea></pre></title><script>window.ran=1</script>`, `{{.}}${window.ran=1}`, `<style>@import url(//evil.example);*{display:none}</style>`,
		`<iframe srcdoc="<script>parent.ran=1</script>"></iframe>`, `<a href="data:text/html,<script>opener.ran=1</script>">x</a>`,
		`<form action=//evil.example><button name=x>go</button></form>`, `<base href=//evil.example/>`, `<meta http-equiv=refresh content="0;url=//evil.example">`,
		`<link rel=stylesheet href=//evil.example/x.css>`, `<math><mtext><table><mglyph><style><img src=x onerror=window.ran=1>`, "\u202e<object data=//evil.example>",
	}
}

// harmful finds what could act on the page.
const harmful = `[...document.querySelectorAll('script:not([src^="/static/"]), style, iframe, object, base, meta[http-equiv], svg[onload], [onerror], [onfocus], [style], link:not([href^="/static/"]), form[action*="evil"], img[src*="//"], a[href^="data:"], a[href^="javascript:" i]')].map(e => e.outerHTML).join("\n")`

// TestNothingThatAStrangerWritesActsOnAPage tries script injection in every field of a
// card and a feed, in arguments, reasons and uploads, and looks at each page: nothing has
// run, the page's policy had nothing to refuse, and no other host was asked.
func TestNothingThatAStrangerWritesActsOnAPage(t *testing.T) {
	evil := strings.Join(injections(), "\n\n")
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := html.EscapeString(evil)
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>%[1]s</title><link>javascript:window.ran=1</link><item><guid>%[1]s</guid><title>%[1]s</title>
			<link>javascript:window.ran=1</link><author>%[1]s</author><category>%[1]s</category><description>%[1]s</description>
			<enclosure url="javascript:window.ran=1" type="image/svg+xml" length="1"/></item></channel></rss>`, h)
	}))
	defer feed.Close()
	p := startRelay(t, writeConfig(t, `
relay {
  listen = "127.0.0.1:0"
  http { allow = ["127.0.0.0/8"] }
}
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
connector "webhook" "ci" {
  route { to = [channel.lobby] }
}
connector "webhook" "strict" {
  route {
    when = event.data.missing
    to   = [channel.lobby]
  }
}
connector "rss" "blog" {
  url     = "`+feed.URL+`"
  initial = 1
  route { to = [channel.lobby] }
}
`))
	for _, hook := range []string{"ci", "strict"} {
		for n, text := range append(injections(), evil) {
			if !postJSON(p.hook(hook), hostileCard(text)) && n > 0 {
				t.Fatalf("%s does not take the card with %s", hook, text)
			}
		}
	}
	postJSON(p.hook("ci"), evil) // it is refused, and listed
	for _, command := range [][]string{
		{"pause", "lobby", "--reason", evil[:200]},
		{"resume", "lobby"},
		{"mute", "channel", "lobby", "--for", "1h", "--reason", evil[:250]},
		{"mute", "when", fmt.Sprintf("event.kind == %q", evil[:100]), "--for", "1h"},
		{"poll", "blog"},
	} {
		if _, errOut, err := p.run(command...); err != nil {
			t.Logf("relay %.30q: %s", command, errOut)
		}
	}
	if events, err := p.client.Events(t.Context(), store.EventFilter{Connector: "blog"}); err != nil || len(events) == 0 {
		t.Fatalf("the feed has come to nothing: %v", err)
	}
	w := startBrowser(t).open(t, desktop(), p.dashboard()+"/")
	clean := func(where string) {
		t.Helper()
		w.eventually(where+" is whole", func() bool { return ask[string](w, "document.readyState") == "complete" })
		if found := ask[string](w, harmful); found != "" {
			t.Errorf("at %s there is %s", where, found)
		}
		if ask[bool](w, "window.ran !== undefined") {
			t.Errorf("at %s something ran", where)
		}
	}
	seen, paths := map[string]int{}, []string{"/"}
	for len(paths) > 0 {
		path := paths[0]
		paths = paths[1:]
		shape := regexp.MustCompile(`\d+`).ReplaceAllString(path, "0")
		if seen[shape]++; seen[shape] > 4 || strings.HasPrefix(path, "/sign-out") {
			continue
		}
		w.visit(path)
		clean(path)
		paths = append(paths, ask[[]string](w, `[...new Set([...document.links].filter(a => a.origin === location.origin && !a.download).map(a => a.pathname))]`)...)
	}

	ask[int](w, `document.body.insertAdjacentHTML("beforeend", "<a href='JavaScript:0'>x</a>"), 0`)
	if ask[string](w, harmful) == "" {
		t.Error("a link that would run a script is not found")
	}

	w.visit("/playground")
	w.fill("Body", hostileCard(evil))
	w.press("Show it")
	w.reads("As each chat system gets it")
	clean("the playground")

	for _, upload := range []string{"<svg xmlns='http://www.w3.org/2000/svg' onload='window.ran=1'/>", "<html><script>window.ran=1</script>", "GIF89a/*" + evil + "*/=1"} {
		file := filepath.Join(t.TempDir(), "picture.png")
		if err := os.WriteFile(file, []byte(upload), 0o600); err != nil {
			t.Fatal(err)
		}
		w.visit("/connectors/new?type=webhook")
		w.fill("Name", injections()[1])
		w.fill("Title", strings.ReplaceAll(evil[:200], "\n", " "))
		w.fill("Image", "javascript:window.ran=1")
		w.upload("Or upload a picture", file)
		w.press("Review and save")
		w.reads("fixing")
		clean("the form")
	}
}

// hostileCard has a text in each of its fields.
func hostileCard(text string) string {
	b, _ := json.Marshal(map[string]any{ // texts can be encoded
		"@type": "MessageCard", "@context": "https://schema.org/extensions", "title": text, "text": text, "summary": text, "themeColor": text,
		"sections": []any{map[string]any{
			"title": text, "text": text, "activityTitle": text, "activitySubtitle": text, "activityText": text, "activityImage": "https://evil.example/a.png",
			"heroImage": map[string]any{"image": "https://evil.example/h.svg", "title": text}, "images": []any{map[string]any{"image": "https://evil.example/i.png", "title": text}},
			"facts": []any{map[string]any{"name": text, "value": text}},
		}},
		"potentialAction": []any{
			map[string]any{"@type": "OpenUri", "name": text, "targets": []any{map[string]any{"os": "default", "uri": "javascript:window.ran=1"}}},
			map[string]any{"@type": "OpenUri", "name": text, "targets": []any{map[string]any{"os": "default", "uri": "https://evil.example/?" + text}}},
		},
	})
	return string(b)
}

// postJSON posts to a hook, and reports whether it was accepted.
func postJSON(hook, body string) bool {
	resp, err := http.Post(hook, "application/json", strings.NewReader(body))
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
