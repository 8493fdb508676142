package dashboard_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/access/door"
	"github.com/connector-relay/relay/relay/access/gate"
	"github.com/connector-relay/relay/relay/dashboard"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is when the pages are looked at.
var now = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// kept is a relay that holds what a test puts into it.
type kept struct {
	operator.Relay
	list     []operator.Delivery
	channels []operator.Channel
	err      error
	// done is what it was told to do, and refuses its answer.
	done    []string
	refuses error
	// blocks are saved connectors besides the one that is always there, drafted what was
	// checked, and signedIn says that somebody has finished her sign-in.
	blocks   []operator.Block
	drafted  []form.Filled
	signedIn bool
}

func (k *kept) Deliveries(_ context.Context, f store.Filter) ([]operator.Delivery, error) {
	var out []operator.Delivery
	for i := len(k.list) - 1; i >= 0 && len(out) < f.Limit; i-- {
		d := k.list[i]
		if d.Channel == f.Channel && (f.Before == 0 || d.ID < f.Before) {
			out = append(out, d)
		}
	}
	return out, k.err
}

func (k *kept) Delivery(_ context.Context, id int64) (operator.Explanation, error) {
	for _, d := range k.list {
		if d.ID == id {
			return operator.Explanation{
				Event:  operator.Event{ID: id, Key: "key"},
				Routes: []event.Trace{{Route: 1, Matched: true, Channels: []string{"lobby"}}},
				Deliveries: []operator.Explained{{Delivery: d, Tries: []operator.Attempt{{
					Number: 1, Started: now, TookMS: 12, Verdict: delivery.VerdictFailed, Status: 500, Detail: "<b>oops</b>", Bytes: 100, Omitted: []string{"1 picture left out"},
				}}}},
			}, nil
		}
	}
	return operator.Explanation{}, fmt.Errorf("delivery %d: %w", id, operator.ErrNotFound)
}

func (k *kept) Problems(context.Context) ([]operator.Problem, error) {
	return []operator.Problem{{Subject: "the store", Text: "the disk is <full>"}}, nil
}

func (k *kept) Channels(context.Context) ([]operator.Channel, error) {
	if k.channels != nil {
		return slices.Clone(k.channels), nil
	}
	return []operator.Channel{{Name: "lobby", Type: "inbox", Lane: delivery.Paused, Reason: "<i>because</i>"}, {Name: "dev", Type: "teams", Lane: delivery.Open}}, nil
}

func (k *kept) Connectors(context.Context) ([]operator.Connector, error) {
	return []operator.Connector{
		{Name: "blog", Type: "rss", Health: "unauthorised", Problem: "sign in", LastEvent: now.Add(-time.Hour), NextPoll: now.Add(15 * time.Minute)},
		{Name: "ci", Type: "webhook", Enabled: true, Health: "ok", HookURL: "https://relay.example.com/hooks/TOKEN"},
	}, nil
}

func (k *kept) add(card string, state delivery.State) {
	id := int64(len(k.list) + 1)
	k.list = append(k.list, operator.Delivery{
		ID: id, Channel: "lobby", Event: id, Connector: "ci", Kind: "card", Title: fmt.Sprintf("Card %d", id),
		State: state, AcceptedAt: now.Add(-time.Minute), Card: []byte(card),
	})
}

// pictures shows every picture on the web under its own address.
type pictures struct{ http.Handler }

func (pictures) Address(picture string) string {
	if !strings.HasPrefix(picture, "https://") {
		return ""
	}
	return "/picture?u=" + url.QueryEscape(picture)
}

func serve(t *testing.T, k *kept) (*dashboard.Dashboard, *httptest.Server) {
	t.Helper()
	d, err := dashboard.New(dashboard.Options{Relay: k, Pictures: pictures{}, Log: zerolog.Nop(), Version: "v1", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gate.New().Handler(door.New(door.Options{}).Handler(d.Handler())))
	t.Cleanup(func() {
		d.Close()
		s.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return d, s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestCardsAreDrawn compares each card in testdata/cards with the page it makes.
func TestCardsAreDrawn(t *testing.T) {
	files, err := filepath.Glob("testdata/cards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cards: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			k := &kept{}
			k.add(string(b), delivery.Delivered)
			_, s := serve(t, k)
			_, page := get(t, s.URL+"/channels/lobby")
			_, drawn, _ := strings.Cut(page, "<article")
			drawn, _, _ = strings.Cut(drawn, "</article>")
			golden.Assert(t, drawn, filepath.Join("cards", strings.TrimSuffix(filepath.Base(file), ".json")+".html"))
		})
	}
}

// TestACardThatIsMadeToDoHarm costs no more to look at than to send: a few kilobytes
// must not become a table of millions of cells.
func TestACardThatIsMadeToDoHarm(t *testing.T) {
	bomb := strings.Repeat("|a", 3_000) + "|\\n" + strings.Repeat("|-", 3_000) + "|\\n" + strings.Repeat("|\\n", 3_000)
	k := &kept{}
	k.add(`{"title":"t","text":"`+bomb+`"}`, delivery.Delivered)
	_, s := serve(t, k)
	if status, page := get(t, s.URL+"/channels/lobby"); status != http.StatusOK || len(page) > 200_000 {
		t.Errorf("status %d, a page of %d bytes", status, len(page))
	}
}

// TestNothingInACardRuns puts what attackers write into every text of a card.
func TestNothingInACardRuns(t *testing.T) {
	corpus := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`, `[x](data:text/html,<script>1</script>)`,
		`<a href=\"javascript:alert(1)\">x</a>`, `<svg onload=alert(1)>`, `<iframe src=//e.example></iframe>`, `<style>*{display:none}</style>`, `<p style=\"position:fixed\">x</p>`,
		`</article><script>alert(1)</script>`, `{{.Version}}`, "`<script>`", `<at>everyone</at>`, `![x](https://e.example/\"onerror=\"alert(1))`, `<form action=//e.example><input name=x></form>`,
	}
	for _, text := range corpus {
		k := &kept{}
		k.add(fmt.Sprintf(`{"title":"%[1]s","text":"%[1]s","themeColor":"red;}*{x","sections":[{"title":"%[1]s","activityTitle":"%[1]s","activitySubtitle":"%[1]s","activityText":"%[1]s","text":"%[1]s","activityImage":"javascript:alert(1)","heroImage":{"image":"https://e.example/\" onerror=\"alert(1)","title":"%[1]s"},"facts":[{"name":"%[1]s","value":"%[1]s"}],"images":[{"image":"//e.example/x","title":"%[1]s"}]}],"potentialAction":[{"@type":"OpenUri","name":"%[1]s","targets":[{"os":"default","uri":"javascript:alert(1)"}]}]}`, text), delivery.Delivered)
		_, s := serve(t, k)
		_, page := get(t, s.URL+"/channels/lobby")
		_, drawn, found := strings.Cut(page, "<article")
		if !found || strings.Contains(drawn, "cannot be drawn") {
			t.Fatalf("%s: the card was not drawn", text)
		}
		_, drawn, _ = strings.Cut(strings.ToLower(drawn), "</svg>") // what Relay draws itself
		for _, bad := range []string{"<script", " onerror=\"", "<svg", "<iframe", "<style", "style=\"position", "href=\"javascript", "href=\"data", "<form", "<at>", "red;}"} {
			if strings.Contains(drawn, bad) {
				t.Errorf("%s: the page holds %s", text, bad)
			}
		}
	}
}

func TestAPageSaysWhatItMayLoad(t *testing.T) {
	_, s := serve(t, &kept{})
	resp, err := http.Get(s.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy: %s", csp)
	}
}

func TestPages(t *testing.T) {
	k := &kept{}
	k.add(`{"text":"one"}`, delivery.Delivered)
	k.add(`{broken`, delivery.Accepted)
	k.add(`{"text":"three"}`, delivery.Dead)
	_, s := serve(t, k)
	tests := []struct {
		path   string
		status int
		want   []string
	}{
		{"/", 200, []string{"The disk is &lt;full&gt;", "lobby", "paused", "&lt;i&gt;because", "Card 3", "unauthorised", "sign in", "in 15 min", "No card yet."}},
		{"/channels/lobby", 200, []string{"accepted by the flow", "dead", "This card cannot be drawn", "three", `href="/deliveries/3"`}},
		{"/channels/dev", 200, []string{"No card yet. Cards appear here as they come."}},
		{"/channels/nowhere", 404, []string{"There is no such page"}},
		{"/deliveries/1", 200, []string{"failed", "500", "&lt;b&gt;oops", "1 picture left out", "Route 1", "12ms"}},
		{"/deliveries/99", 404, nil},
		{"/deliveries/one", 404, nil},
		{"/static/relay.css", 200, []string{"prefers-color-scheme"}},
		{"/static/", 404, nil},
		{"/nothing", 404, []string{"Go to the overview"}},
	}
	for _, test := range tests {
		status, page := get(t, s.URL+test.path)
		if status != test.status {
			t.Errorf("%s: %d, want %d", test.path, status, test.status)
		}
		for _, want := range test.want {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q", test.path, want)
			}
		}
	}
}

func TestAPageTellsOfTheDigestInWhichACardArrived(t *testing.T) {
	k := &kept{}
	for range 3 {
		k.add(`{"text":"x"}`, delivery.Delivered)
	}
	k.list[0].Digest, k.list[0].DigestCards = 1, 3
	k.list[1].Digest, k.list[1].DigestCards = 1, 3
	_, s := serve(t, k)
	const said = ` in a digest with 2 others (<a href="/deliveries/1">delivery 1</a>)`
	for path, want := range map[string]int{"/channels/lobby": 2, "/deliveries/1": 1, "/deliveries/2": 1, "/deliveries/3": 0} {
		if _, page := get(t, s.URL+path); strings.Count(page, said) != want {
			t.Errorf("%s tells of %d digests, want %d", path, strings.Count(page, said), want)
		}
	}
}

func TestOlderCardsAreAPageAway(t *testing.T) {
	k := &kept{}
	for range 40 {
		k.add(`{"text":"x"}`, delivery.Delivered)
	}
	_, s := serve(t, k)
	_, page := get(t, s.URL+"/channels/lobby")
	if !strings.Contains(page, `href="?before=11"`) || strings.Contains(page, "/deliveries/10\"") {
		t.Error("the first page does not end at delivery 11")
	}
	_, page = get(t, s.URL+"/channels/lobby?before=11")
	if !strings.Contains(page, "/deliveries/10\"") || strings.Contains(page, "Older cards") {
		t.Error("the second page does not hold the rest")
	}
}

func TestAStoreThatFailsIsAPageThatSaysSo(t *testing.T) {
	_, s := serve(t, &kept{err: errors.New("disk on fire at /secret/path")})
	status, page := get(t, s.URL+"/")
	if status != 500 || strings.Contains(page, "/secret/path") {
		t.Errorf("%d: %s", status, page)
	}
}

// TestOpenPagesHearOfNews: each page of its own channel, and nobody waits for a
// page that does not listen.
func TestOpenPagesHearOfNews(t *testing.T) {
	d, s := serve(t, &kept{})
	listen := func(channel string) *bufio.Reader {
		resp, err := http.Get(s.URL + "/changes?channel=" + channel)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		r := bufio.NewReader(resp.Body)
		for line := ""; !strings.HasPrefix(line, "retry:"); {
			if line, err = r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		return r
	}
	lobby, all, dev := listen("lobby"), listen("*"), listen("dev")
	for range 1000 {
		d.Notify([]string{"lobby", "other"})
	}
	hears := func(r *bufio.Reader) {
		for line := ""; line != "data: news\n"; {
			var err error
			if line, err = r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}
	hears(lobby)
	hears(all)
	whole := listen("*")
	d.Changed() // a connector's health is no channel's news
	hears(whole)
	d.Close()
	rest, err := io.ReadAll(dev)
	if err != nil || strings.Contains(string(rest), "news") {
		t.Errorf("the page of another channel heard %q, %v", rest, err)
	}
}

// TestHostileCardsMakeNoLargePage: thirty cards of a megabyte are a page that a browser
// shows, which says what is missing and leads to it.
func TestHostileCardsMakeNoLargePage(t *testing.T) {
	table := strings.Repeat("|a", 60) + "|\\n" + strings.Repeat("|-", 60) + "|\\n" + strings.Repeat("|\\n", 60) + "\\n"
	fact := `{"name":"*a*","value":"` + strings.Repeat("b", 20) + `"},`
	cards := []string{
		`{"title":"t","text":"` + strings.Repeat("word ", 200_000) + `"}`,
		`{"title":"t","text":"` + strings.Repeat(table, 2500) + `"}`,
		`{"title":"` + strings.Repeat("t", 1_000_000) + `"}`,
		`{"title":"t","sections":[{"facts":[` + strings.Repeat(fact, 20_000) + `{}]}]}`,
		`{"title":"t","sections":[` + strings.Repeat(`{"text":"*_["},`, 60_000) + `{}]}`,
	}
	k := &kept{}
	for i := range 30 {
		k.add(cards[i%len(cards)], delivery.Delivered)
	}
	_, server := serve(t, k)
	_, page := get(t, server.URL+"/channels/lobby")
	if len(page) > 1<<20 {
		t.Errorf("the page has %d KB", len(page)>>10)
	}
	if got := strings.Count(page, "Shortened: "); got != 30 || !strings.Contains(page, `<a href="/deliveries/1">Show more</a>`) {
		t.Errorf("%d of 30 cards say that they are shortened", got)
	}
	if _, alone := get(t, server.URL+"/deliveries/1"); len(alone) > 256<<10 || !strings.Contains(alone, "Shortened: the middle of the text left out.") {
		t.Errorf("a card alone is a page of %d KB", len(alone)>>10)
	}
}
