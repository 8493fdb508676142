package rss

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

// channelOf is a feed with a title, and what stands in its channel.
func channelOf(title, inner string) string {
	return `<?xml version="1.0"?><rss version="2.0"><channel><title>` + title + `</title><link>http://blog.example/</link>` + inner + `</channel></rss>`
}

// itemOf is one item with a text.
func itemOf(text string) string {
	return "<item><title>One</title><guid>1</guid><description><![CDATA[" + text + "]]></description></item>"
}

// itemsOf are n items, newest first.
func itemsOf(n int, format string) string {
	var b strings.Builder
	for i := n; i > 0; i-- {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostileFeeds are feeds that cost or make much more than they are worth. Each must
// be read within a moment, or fail within patience; says is then a part of why.
func hostileFeeds() map[string]struct{ body, says string } {
	// Each element below costs as much as there are namespaces.
	namespaces := `<rss version="2.0"><channel ` + repeated(8_000, `xmlns:n%d="u" `) + "><title>t</title>" + strings.Repeat("<a/>", 100_000) + "</channel></rss>"
	return map[string]struct{ body, says string }{
		"a long title in every card":      {channelOf(strings.Repeat("T", 300_000), itemsOf(300, "<item><title>Item %d</title></item>")), ""},
		"long titles":                     {channelOf("t", itemsOf(10, "<item><title>"+strings.Repeat("T", 50_000)+" %d</title></item>")), ""},
		"a title of tags":                 {channelOf("t", "<item><title><![CDATA["+strings.Repeat("<b>", 300_000)+"]]></title><guid>1</guid></item>"), ""},
		"long addresses":                  {channelOf("t", itemsOf(20, "<item><title>t</title><link>http://a.example/"+strings.Repeat("x", 10_000)+"/%d</link></item>")), ""},
		"many categories":                 {channelOf("t", itemsOf(3, "<item><title>Item %d</title>"+strings.Repeat("<category>c</category>", 5_000)+"</item>")), ""},
		"many authors":                    {channelOf("t", itemsOf(3, "<item><title>Item %d</title>"+strings.Repeat("<author>a</author>", 5_000)+"</item>")), ""},
		"many enclosures":                 {channelOf("t", itemsOf(3, "<item><title>Item %d</title>"+strings.Repeat(`<enclosure url="http://a.example/x" type="image/png"/>`, 5_000)+"</item>")), ""},
		"many pictures":                   {channelOf("t", "<item><title>One</title>"+strings.Repeat(`<media:content url="http://a.example/x"/>`, 5_000)+"</item>"), ""},
		"brackets":                        {channelOf("t", itemOf(strings.Repeat("[", 64_000))), ""},
		"brackets in every item":          {channelOf("t", itemsOf(5, "<item><guid>%d</guid><description>"+strings.Repeat("[", 64_000)+"</description></item>")), ""},
		"halves of end tags":              {channelOf("t", itemOf(strings.Repeat("<a</", 16_000))), ""},
		"deep HTML":                       {channelOf("t", itemOf(strings.Repeat("<div>", 100_000))), ""},
		"fonts that are left open":        {channelOf("t", itemsOf(3, "<item><guid>%d</guid><description><![CDATA["+strings.Repeat("<font color=a>x<p>", 3_600)+"]]></description></item>")), ""},
		"tables in tables":                {channelOf("t", itemOf(strings.Repeat("<table><tr><td>", 20_000))), ""},
		"lists in lists":                  {channelOf("t", itemOf(strings.Repeat("<ul><li>", 30_000))), ""},
		"quotes in quotes":                {channelOf("t", itemOf(strings.Repeat("<blockquote>x", 30_000))), ""},
		"one huge text":                   {channelOf("t", itemOf(strings.Repeat("word ", 100_000))), ""},
		"one huge attribute":              {channelOf("t", itemOf(`<a href="http://a.example/`+strings.Repeat("x", 500_000)+`">x</a>`)), ""},
		"many attributes":                 {channelOf("t", itemOf("<a "+repeated(20_000, "a%d=b ")+">x</a>")), ""},
		"pictures in tags":                {channelOf("t", itemOf(strings.Repeat(`<img src="data:image/png;base64,`+strings.Repeat("A", 50_000)+`">`, 20)+"text")), ""},
		"a picture of many sizes":         {channelOf("t", itemOf(`<img srcset="`+strings.Repeat("https://a.example/x 1w,", 50_000)+`">`)), ""},
		"tags that are none":              {channelOf("t", itemsOf(5, "<item><guid>%d</guid><title><![CDATA["+strings.Repeat("<x y", 30_000)+"]]></title><description><![CDATA["+strings.Repeat("<T>", 60_000)+"]]></description></item>")), ""},
		"links that say nothing":          {channelOf("t", itemOf(strings.Repeat(`<a href="/x"> </a>`, 20_000))), ""},
		"footers of footers":              {channelOf("t", itemOf(strings.Repeat(`submitted by <a href="/u/x">/u/x</a> <a href="/x">[link]</a>`, 10_000))), ""},
		"hidden in the hidden":            {channelOf("t", itemOf(strings.Repeat("<div hidden><template>", 20_000)+"x")), ""},
		"many people":                     {channelOf("t", "<item><title>One</title><author>"+strings.Repeat("a@b (c), ", 50_000)+"</author></item>"), ""},
		"groups in groups":                {channelOf("t", "<item><title>One</title>"+strings.Repeat("<media:group>", 2_000)+strings.Repeat("</media:group>", 2_000)+"</item>"), ""},
		"many entities":                   {channelOf("t", itemOf(strings.Repeat("&amp;lt;", 20_000))), ""},
		"a thousand and one entities":     {"<!DOCTYPE rss [" + repeated(50, `<!ENTITY e%d "`+strings.Repeat("&e;", 50)+`">`) + "]>" + channelOf("t", itemOf("&e49;")), ""},
		"many namespaces":                 {namespaces, "could not be read within"},
		"deep XML":                        {channelOf("t", strings.Repeat("<a>", 30_000)+strings.Repeat("</a>", 30_000)), ""},
		"more items than can be followed": {channelOf("t", strings.Repeat("<item/>", 12_000)), "12000 items"},
		"more items than fit into memory": {`{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[` + strings.Repeat(`{},`, 400_000) + `{}]}`, "could not be read within 192 MB"},
		"a deep JSON":                     {`{"version":"https://jsonfeed.org/version/1.1","title":"t","items":` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + `}`, "not a feed"},
		"many JSON authors":               {`{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","title":"One","authors":[` + strings.Repeat(`{"name":"a"},`, 5_000) + `{}]}]}`, ""},
		"a web page of links to feeds":    {"<html>" + strings.Repeat(`<link rel="alternate" type="application/rss+xml" href=":">`, 5_000), "web page"},
	}
}

// mostBytes is what all events of a poll may have together: what fits a plugin's
// message, and what a store can take every few minutes.
const mostBytes = 2 * maxPostBytes

func TestHostileFeeds(t *testing.T) {
	shared := newReaders("read-feeds")
	for name, test := range hostileFeeds() {
		t.Run(name, func(t *testing.T) {
			shared.patience = func(int) time.Duration {
				if test.says == "could not be read within" {
					return time.Second
				}
				return time.Minute
			}
			s := newSite(t)
			s.says(test.body)
			start := time.Now()
			p, err := connectortest.New(t, func() connector.Connector { return &Feed{readers: shared} },
				map[string]any{"url": s.URL, "initial": 1_000_000}).Poll(t.Context(), nil)
			size := len(p.Checkpoint)
			for _, e := range p.Events() {
				if err := e.Card.Validate(); err != nil {
					t.Error(err)
				}
				b, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				size += len(b)
			}
			t.Logf("%d bytes of feed, %d events and checkpoint of %d bytes in %s: %v", len(test.body), len(p.Events()), size, time.Since(start).Round(time.Millisecond), err)
			if size > mostBytes || len(p.Events()) > maxPosts {
				t.Errorf("it makes %d events, %d bytes in all", len(p.Events()), size)
			}
			if test.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			for why := range strings.SplitSeq(test.says, "|") {
				if err != nil && strings.Contains(err.Error(), why) {
					return
				}
			}
			t.Errorf("it fails for %v, want %s", err, test.says)
		})
	}
}

func TestHostileBodyDoesNotUnpackWithoutEnd(t *testing.T) {
	s := newSite(t)
	s.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.Copy(z, io.LimitReader(zeros{}, 11<<20))
		_ = z.Close()
	}
	if _, err := newReader(t, s, nil).try(); connector.KindOf(err) != connector.KindMisconfigured || !strings.Contains(err.Error(), "larger than 10 MB") {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestHostileFeedLeavesOthersAlone polls a healthy feed again and again while the
// same process reads one that would take it for minutes.
func TestHostileFeedLeavesOthersAlone(t *testing.T) {
	shared := newReaders("read-feeds")
	shared.patience = func(size int) time.Duration {
		if size > 100_000 {
			return time.Minute // more than anybody waits here: the poll's end must end it
		}
		return patience(size)
	}
	factory := func() connector.Connector { return &Feed{readers: shared} }
	bad, good := newSite(t), newSite(t)
	bad.says(hostileFeeds()["many namespaces"].body)
	hostile := connectortest.New(t, factory, map[string]any{"url": bad.URL})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := hostile.Poll(ctx, nil)
		ended <- err
	}()
	healthy := connectortest.New(t, factory, map[string]any{"url": good.URL})
	var at event.Checkpoint
	for n := 1; n <= 20; n++ {
		good.says(rssOf(numbered(1, n), nil))
		p, err := healthy.Poll(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if n > 1 && len(p.Events()) != 1 {
			t.Errorf("poll %d: %d events", n, len(p.Events()))
		}
		at = p.Checkpoint
	}
	select {
	case err := <-ended:
		t.Fatalf("the hostile feed was read, so that this proves nothing: %v", err)
	default:
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("the hostile poll ended well")
	}
	// And its place is free again.
	for range atOnce {
		if p := <-shared.free; p != nil {
			defer p.kill()
		}
	}
}

// TestHostileSlowBodiesHoldUpNobodyElse has more large bodies under way than there
// are places for, none of which ends.
func TestHostileSlowBodiesHoldUpNobodyElse(t *testing.T) {
	shared := newReaders("read-feeds")
	factory := func() connector.Connector { return &Feed{readers: shared} }
	slow, good := newSite(t), newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan struct{}, 2*largeBodies)
	slow.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(" ", smallBody+1))
		_ = http.NewResponseController(w).Flush()
		sent <- struct{}{}
		<-r.Context().Done()
	})
	var polls sync.WaitGroup
	for range 2 * largeBodies {
		client := connectortest.New(t, factory, map[string]any{"url": slow.URL})
		polls.Go(func() {
			if _, err := client.Poll(ctx, nil); err == nil {
				t.Error("a body without end was read")
			}
		})
	}
	for range 2 * largeBodies {
		<-sent
	}
	good.says(rssOf(numbered(1, 2), nil))
	p, err := connectortest.New(t, factory, map[string]any{"url": good.URL, "initial": 2}).Poll(t.Context(), nil)
	if err != nil || len(p.Events()) != 2 {
		t.Errorf("a small feed gives %d events, %v", len(p.Events()), err)
	}
	cancel()
	polls.Wait()
	for range largeBodies {
		shared.large <- struct{}{} // all places become free again, or this waits for ever
	}
}

func TestWhatOnePollDoesNotTakeTheNextOnesDo(t *testing.T) {
	const n = 2*maxPosts + 10
	s := newSite(t)
	s.says(rssOf(numbered(1, 1), nil))
	r := newReader(t, s, nil)
	r.want()
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"all"`)
		if r.Header.Get("If-None-Match") == `"all"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, channelOf("t", itemsOf(n, "<item><guid>%[1]d</guid><title>%[1]d</title></item>")))
	}
	var got []string
	for range 3 {
		titles := r.poll()
		if len(titles) > maxPosts {
			t.Errorf("a poll took %d items", len(titles))
		}
		got = append(got, titles...)
	}
	r.want()
	if len(got) != n {
		t.Fatalf("%d of %d items came", len(got), n)
	}
	for i, title := range got {
		if want := fmt.Sprint(i + 1); title != want {
			t.Fatalf("item %d is %s", i+1, title)
		}
	}
}

func TestHostileHeadersAreNotKept(t *testing.T) {
	s := newSite(t)
	s.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"`+strings.Repeat("x", 500_000)+`"`)
		w.Header().Set("Last-Modified", strings.Repeat("x", 300_000))
		_, _ = io.WriteString(w, rssOf(numbered(1, 3), nil))
	}
	r := newReader(t, s, nil)
	r.want()
	if len(r.at) > 2000 {
		t.Errorf("the checkpoint has %d bytes", len(r.at))
	}
	s.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/"+strings.Repeat("x", 900_000))
		w.WriteHeader(http.StatusMovedPermanently)
	}
	if _, err := r.try(); err == nil || len(err.Error()) > 200 {
		t.Errorf("a redirect to nowhere: %d bytes", len(fmt.Sprint(err)))
	}
}

// TestAReaderEndsWithWhoeverStartedIt has a process read without end when its
// parent goes, of which it only sees that its input ends.
func TestAReaderEndsWithWhoeverStartedIt(t *testing.T) {
	p, err := startProcess([]string{"read-feeds"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	if err := p.enc.Encode(question{Body: []byte(hostileFeeds()["many namespaces"].body)}); err != nil {
		t.Fatal(err)
	}
	_ = p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// BenchmarkRead reads a feed of an ordinary size as polls do, and without another
// process.
func BenchmarkRead(b *testing.B) {
	q := question{Body: []byte(rssOf(numbered(1, 25), func(e *entry) { e.text = strings.Repeat("What is new. ", 200) }))}
	b.Run("in a process", func(b *testing.B) {
		r := newReaders("read-feeds")
		for b.Loop() {
			if _, err := r.read(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			read(q)
		}
	})
}
