package rss

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/connector-relay/relay/relay/connector"
)

func TestValidatorsAreSentBackLetterByLetter(t *testing.T) {
	s := newSite(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `W/"a b"` && r.Header.Get("If-Modified-Since") == "some day" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `W/"a b"`)
		w.Header().Set("Last-Modified", "some day")
		_, _ = io.WriteString(w, rssOf(numbered(1, 2), nil))
	}
	r := newReader(t, s, nil)
	r.want()
	r.want()
	if got := s.asked[1].Header.Get("If-None-Match"); got != `W/"a b"` {
		t.Errorf("If-None-Match: %s", got)
	}
	if ua := s.asked[0].Header.Get("User-Agent"); ua == "" || strings.HasPrefix(ua, "Go-http-client") {
		t.Errorf("User-Agent: %q", ua)
	}
}

func TestAnswersThatAreNoFeed(t *testing.T) {
	tests := map[string]struct {
		answer http.HandlerFunc
		kind   connector.ErrorKind
		says   string
	}{
		"410":                            {status(http.StatusGone), connector.KindGone, "gone for good"},
		"404":                            {status(http.StatusNotFound), connector.KindTemporary, "404"},
		"401":                            {status(http.StatusUnauthorized), connector.KindUnauthorised, "sign-in"},
		"403":                            {status(http.StatusForbidden), connector.KindThrottled, "403"},
		"429":                            {status(http.StatusTooManyRequests), connector.KindThrottled, "slow down"},
		"503":                            {status(http.StatusServiceUnavailable), connector.KindThrottled, "slow down"},
		"500":                            {status(http.StatusInternalServerError), connector.KindTemporary, "500"},
		"a web page that names its feed": {says(`<!DOCTYPE html><html><head><link rel="alternate" type="application/atom+xml" href="/blog/feed.atom"></head></html>`), connector.KindMisconfigured, "/blog/feed.atom"},
		"a web page":                     {says(`<html><body>We are down for maintenance.</body></html>`), connector.KindTemporary, "web page"},
		"nothing":                        {says(""), connector.KindTemporary, "empty"},
		"JSON that is no feed":           {says(`{"error": "rate limited"}`), connector.KindTemporary, "not a JSON Feed"},
		"Cloudflare wants a proof":       {challenge(http.StatusForbidden, "cf-mitigated", "challenge"), connector.KindThrottled, "Cloudflare"},
		"AWS wants a proof":              {challenge(http.StatusAccepted, "x-amzn-waf-action", "challenge"), connector.KindThrottled, "AWS WAF"},
		"zstd":                           {says("\x28\xb5\x2f\xfdxxxx"), connector.KindTemporary, "zstd"},
		"brotli of no feed":              {packedBy("br", "\x0b\x02\x80hello\x03"), connector.KindMisconfigured, "neither XML nor JSON"},
		"broken brotli":                  {packedBy("br", "\xff\xff\xff\xff"), connector.KindTemporary, "brotli"},
		"broken gzip":                    {packedBy("gzip", "\x1f\x8b\x08xxxxxxxxxxxxxx"), connector.KindTemporary, "decompressed"},
		"a poem":                         {says("Roses are red"), connector.KindMisconfigured, "not a feed"},
		"11 MB":                          {says("<rss>" + strings.Repeat("x", 11<<20)), connector.KindMisconfigured, "larger than 10 MB"},
		"a loop":                         {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }, connector.KindTemporary, "redirects more than"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.says(rssOf(numbered(1, 2), nil))
			r := newReader(t, s, nil)
			r.want()
			s.answer = test.answer
			_, err := r.try()
			if err == nil || connector.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("%v (%s), want %s: %s", err, connector.KindOf(err), test.kind, test.says)
			}
			// And when the feed is back, nothing is lost or repeated.
			s.says(rssOf(numbered(1, 3), nil))
			r.want("Post 3")
		})
	}
}

func packedBy(by, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", by)
		_, _ = io.WriteString(w, body)
	}
}

// challenge answers as guards against robots do.
func challenge(code int, header, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(header, value)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Just a moment...</title>")
	}
}

func TestARedirectMayNeedItsOwnCookie(t *testing.T) {
	s := newSite(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("consent"); err != nil || c.Value != "yes" {
			http.SetCookie(w, &http.Cookie{Name: "consent", Value: "yes", Path: "/"})
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, rssOf(numbered(1, 2), nil))
	}
	r := newReader(t, s, map[string]any{"initial": 1})
	r.want("Post 2")
	if len(s.asked) != 2 {
		t.Errorf("it asked %d times", len(s.asked))
	}
}

func TestABodyIsReadWhateverItIsPackedIn(t *testing.T) {
	feed := rssOf(numbered(1, 2), nil)
	json := `{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"Post 2"}]}`
	pack := func(text string, by func(io.Writer) io.WriteCloser) string {
		var b strings.Builder
		w := by(&b)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return b.String()
	}
	zipped := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zlibbed := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	deflated := func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 6); return f }
	brotlied := func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
	tests := map[string]struct{ body, encoding string }{
		"as asked":                    {pack(feed, zipped), "gzip"},
		"by its old name":             {pack(feed, zipped), "x-gzip"},
		"in capitals":                 {pack(feed, zipped), "GZIP"},
		"without a word":              {pack(feed, zipped), ""},
		"by another word":             {pack(feed, zipped), "deflate"},
		"twice":                       {pack(pack(feed, zipped), zipped), "gzip"},
		"twice, with two words":       {pack(pack(feed, zipped), brotlied), "gzip, br"},
		"zlib":                        {pack(feed, zlibbed), "deflate"},
		"zlib without a word":         {pack(feed, zlibbed), ""},
		"deflate":                     {pack(feed, deflated), "deflate"},
		"brotli":                      {pack(feed, brotlied), "br"},
		"brotli of JSON":              {pack(json, brotlied), "br"},
		"not at all, and says gzip":   {feed, "gzip"},
		"not at all, and says brotli": {"\ufeff" + feed, "br"},
		"an encoding that is none":    {feed, "utf-8"},
		"identity":                    {json, "identity"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.answer = func(w http.ResponseWriter, _ *http.Request) {
				if test.encoding != "" {
					w.Header().Set("Content-Encoding", test.encoding)
				}
				_, _ = io.WriteString(w, test.body)
			}
			newReader(t, s, map[string]any{"initial": 1}).want("Post 2")
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func TestTheSourceSaysWhenToComeBack(t *testing.T) {
	tests := map[string]struct {
		header http.Header
		feed   string
		want   time.Duration
	}{
		"nothing":            {nil, "", 0},
		"max-age":            {http.Header{"Cache-Control": {"public, max-age=3600"}}, "", time.Hour},
		"ttl":                {nil, "<ttl>90</ttl>", 90 * time.Minute},
		"the longer of both": {http.Header{"Cache-Control": {"max-age=60"}}, "<ttl>90</ttl>", 90 * time.Minute},
		"never a week":       {http.Header{"Cache-Control": {"max-age=9999999"}}, "", 24 * time.Hour},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.answer = func(w http.ResponseWriter, _ *http.Request) {
				maps.Copy(w.Header(), test.header)
				_, _ = io.WriteString(w, strings.Replace(rssOf(numbered(1, 1), nil), "<item>", test.feed+"<item>", 1))
			}
			r := newReader(t, s, nil)
			p, err := r.client.Poll(t.Context(), nil)
			if err != nil || p.Again != test.want {
				t.Errorf("%v, %v, want %v", p.Again, err, test.want)
			}
		})
	}
}

func TestAPermanentRedirectIsBelievedAfterAWhile(t *testing.T) {
	s := newSite(t)
	moved := true
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		if moved && r.URL.Path == "/feed" {
			w.Header().Set("Location", "/new")
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		_, _ = io.WriteString(w, rssOf(numbered(1, len(s.asked)), nil))
	}
	r := newReader(t, s, nil)
	for range movedAfter + 1 {
		r.poll()
	}
	if last := s.asked[len(s.asked)-1]; last.URL.Path != "/new" || s.asked[len(s.asked)-2].URL.Path != "/new" {
		t.Errorf("it still asks %s", last.URL.Path)
	}
}

// TestAnotherAddressIsAnotherFeed: a feed that is configured again takes nothing over
// from the one before.
func TestAnotherAddressIsAnotherFeed(t *testing.T) {
	one, other := newSite(t), newSite(t)
	one.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
			return
		}
		w.Header().Set("ETag", `"same"`)
		w.Header().Set("Last-Modified", "some day")
		_, _ = io.WriteString(w, rssOf(numbered(1, 3), nil))
	}
	r := newReader(t, one, nil)
	for range movedAfter + 1 {
		r.want()
	}
	other.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"same"`)
		_, _ = io.WriteString(w, rssOf(numbered(11, 13), nil))
	}
	configured := newReader(t, other, nil)
	configured.at = r.at
	configured.want()
	if path := other.asked[0].URL.Path; path != "/feed" {
		t.Errorf("it asks %s", path)
	}
	other.says(rssOf(numbered(11, 14), nil))
	configured.want("Post 14")
	if strings.Contains(string(configured.at), other.URL) {
		t.Error("the checkpoint holds the address, which may be secret")
	}
}

func TestWhenTheNewAddressFailsTheConfiguredOneIsAsked(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"it is gone":               status(http.StatusGone),
		"it is broken":             status(http.StatusInternalServerError),
		"it wants a sign-in":       status(http.StatusUnauthorized),
		"it is for sale":           says("<html><body>This domain is for sale.</body></html>"),
		"its feed is another page": says(`{"error": "no such feed"}`),
	}
	for name, fails := range tests {
		t.Run(name, func(t *testing.T) {
			old, moved := newSite(t), newSite(t)
			old.answer = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, moved.URL+"/secret/new", http.StatusMovedPermanently)
			}
			moved.answer = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"moved"`)
				_, _ = io.WriteString(w, rssOf(numbered(1, 2), nil))
			}
			r := newReader(t, old, nil)
			for range movedAfter + 1 {
				r.want()
			}
			// While it redirects there, it is asked no more than once a poll.
			asked := len(moved.asked)
			moved.answer = fails
			if _, err := r.try(); err == nil {
				t.Fatal("there is no feed anywhere")
			}
			if len(moved.asked) != asked+1 {
				t.Errorf("it was asked %d times", len(moved.asked)-asked)
			}
			old.answer = func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("If-None-Match") != "" {
					t.Error("it was told another address's validators")
				}
				_, _ = io.WriteString(w, rssOf(numbered(1, 3), nil))
			}
			r.want("Post 3")
			asked = len(moved.asked)
			r.want()
			if len(moved.asked) != asked {
				t.Error("it still asks the address that failed")
			}
		})
	}
}

func TestAPollSaysWhereTheFeedHasMovedTo(t *testing.T) {
	old, moved := newSite(t), newSite(t)
	old.answer = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, moved.URL+"/secret/new", http.StatusMovedPermanently)
	}
	moved.says(rssOf(numbered(1, 2), nil))
	r := newReader(t, old, nil)
	for range movedAfter {
		r.want()
	}
	p, err := r.client.Poll(t.Context(), r.at)
	host := strings.TrimPrefix(moved.URL, "http://")
	if err != nil || !strings.Contains(p.Note, host) || strings.Contains(p.Note, "secret") {
		t.Errorf("it says %q, %v", p.Note, err)
	}
}

func TestACaptivePortalDoesNotMoveAFeed(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 1), nil))
	r := newReader(t, s, nil)
	r.want()
	for range 5 {
		s.answer = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/feed" {
				http.Redirect(w, r, "/login", http.StatusMovedPermanently)
				return
			}
			_, _ = io.WriteString(w, "<html>Please pay</html>")
		}
		if _, err := r.try(); err == nil {
			t.Fatal("the portal was taken for a feed")
		}
	}
	s.says(rssOf(numbered(1, 2), nil))
	r.want("Post 2")
	if path := s.asked[len(s.asked)-1].URL.Path; path != "/feed" {
		t.Errorf("it asks %s", path)
	}
}

func TestRequestsToOneHostKeepTheirDistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace()
		start := time.Now()
		for range 5 {
			if err := p.wait(context.Background(), "https://a.example/x"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 4*spacing || took > 6*spacing {
			t.Errorf("five requests took %v", took)
		}
		before := time.Now()
		if err := p.wait(context.Background(), "https://b.example/x"); err != nil || time.Since(before) != 0 {
			t.Errorf("another host waited %v, %v", time.Since(before), err)
		}
		for n := range 1000 {
			if err := p.wait(context.Background(), "https://"+strconv.Itoa(n)+".example/"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(spacing)
		}
		if len(p.hosts) > 2 {
			t.Errorf("it remembers %d hosts", len(p.hosts))
		}
	})
}
