package main

import (
	"bytes"
	"html"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/store"
)

// pages looks at a relay's pages as a browser does that runs no scripts.
type pages struct {
	t    *testing.T
	base string
}

func (p pages) get(path string) string {
	p.t.Helper()
	resp, err := http.Get(p.base + path)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.read(resp)
}

// post posts a form, with a picture if there is one, and follows where it leads.
func (p pages) post(path string, values url.Values, upload []byte) string {
	p.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, list := range values {
		for _, value := range list {
			_ = w.WriteField(name, value)
		}
	}
	if upload != nil {
		file, _ := w.CreateFormFile("upload", "logo.webp")
		_, _ = file.Write(upload)
	}
	w.Close()
	kind, content := w.FormDataContentType(), io.Reader(&body)
	if upload == nil {
		kind, content = "application/x-www-form-urlencoded", strings.NewReader(values.Encode())
	}
	resp, err := http.Post(p.base+path, kind, content)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.read(resp)
}

func (p pages) read(resp *http.Response) string {
	p.t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// found returns what an expression finds on a page.
func (p pages) found(page, expression string) string {
	p.t.Helper()
	m := regexp.MustCompile("(?s)" + expression).FindStringSubmatch(page)
	if m == nil {
		p.t.Fatalf("the page has no %s:\n%s", expression, page)
	}
	return html.UnescapeString(m[1])
}

// save fills in a connector's form, reads what it becomes, and saves that.
func (p pages) save(typ string, values url.Values, upload []byte) (page string) {
	p.t.Helper()
	path := "/connectors/new?type=" + typ
	values.Set("do", "review")
	review := p.post(path, values, upload)
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(review, -1) {
		values.Set(m[1], m[2])
	}
	if upload != nil {
		values.Set("argument.image", p.found(review, `name="argument.image" type="text" value="([^"]*)"`))
	}
	values.Set("reviewed", p.found(review, `name="reviewed" value="([^"]*)"`))
	values.Set("do", "save")
	return p.post(path, values, nil)
}

// TestAConnectorIsMadeOnThePage does what the README says, with forms alone: a feed is
// connected and its first item arrives; an incoming webhook gets a picture, and each of the
// snippets on its page posts a card to it.
func TestAConnectorIsMadeOnThePage(t *testing.T) {
	feed := newFeed(t, "news")
	feed.publish()
	source := httptest.NewServer(feed)
	t.Cleanup(source.Close)
	relay := startRelay(t, writeConfig(t, `
relay {
  listen = "127.0.0.1:0"
  http { allow = ["127.0.0.0/8"] }
}
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
`))
	status, err := relay.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := pages{t, "http://" + status.Dashboard}

	feedURL := source.URL + "/?key=CANARY"
	tried := p.post("/connectors/new?type=rss", url.Values{"argument.url": {feedURL}, "argument.initial": {"1"}, "channels": {"lobby"}, "do": {"try"}}, nil)
	if !strings.Contains(tried, feed.title(1)) {
		t.Errorf("a trial does not show the item:\n%s", tried)
	}
	p.save("rss", url.Values{"name": {"news"}, "argument.url": {feedURL}, "argument.initial": {"1"}, "channels": {"lobby"}}, nil)
	relay.eventually("the page tells of the first event", func() bool {
		return strings.Contains(p.get("/connectors/news"), "The first event has arrived: ")
	})

	logo, err := os.ReadFile("../../relay/picture/testdata/lossy.webp")
	if err != nil {
		t.Fatal(err)
	}
	page := p.save("webhook", url.Values{"name": {"ci"}, "argument.title": {"Build server"}, "channels": {"lobby"}}, logo)
	if !strings.Contains(page, "Waiting for the first event") {
		t.Error("the page of a new webhook does not say that it waits")
	}
	picture := p.found(p.get("/connectors/ci"), `image = &#34;(http[^&]*)&#34;`)
	resp, err := http.Get(picture)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := png.DecodeConfig(strings.NewReader(p.read(resp))); err != nil || c.Width != 150 || !strings.HasPrefix(picture, "http://"+status.Listen+"/pictures/") {
		t.Errorf("the picture at %s has a width of %d: %v", picture, c.Width, err)
	}

	for language, run := range map[string][]string{"curl": {"sh", "snippet"}, "Python": {"python3", "snippet"}, "Go": {"go", "run", "snippet.go"}} {
		code := p.found(p.get("/connectors/ci?in="+language), `<pre id="snippet"[^>]*>(.*?)</pre>`)
		dir := t.TempDir()
		for _, name := range []string{"snippet", "snippet.go"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(code), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), run[0], run[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", language, err, out, code)
		}
	}
	p.post("/connectors/ci/post", url.Values{"text": {"From the page"}}, nil)
	events, err := relay.client.Events(t.Context(), store.EventFilter{Connector: "ci", Limit: 10})
	if err != nil || len(events) != 4 {
		t.Errorf("four cards became %d events: %v", len(events), err)
	}
	if !strings.Contains(p.get("/channels/lobby"), `class="avatar" src="/pictures/`) {
		t.Error("the channel's page does not show the picture, or asks another host for it")
	}

	exported := p.get("/connectors.hcl")
	for _, want := range []string{`connector "rss" "news"`, `secret("news.url")`, `connector "webhook" "ci"`} {
		if !strings.Contains(exported, want) {
			t.Errorf("the export does not have %s:\n%s", want, exported)
		}
	}
	if shown := exported + tried + p.get("/connectors/news") + p.get("/connectors/news/edit") + p.get("/connectors") + relay.log.String(); strings.Contains(shown, "CANARY") {
		t.Error("the feed's secret address is shown")
	}
}
