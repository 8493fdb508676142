package picture_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/picture"
)

// proxy is a proxy whose clock stands until it is set.
type proxy struct {
	*picture.Proxy
	now time.Time
}

func newProxy(t *testing.T, client *http.Client) *proxy {
	t.Helper()
	p := &proxy{now: time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)}
	p.Proxy = picture.NewProxy(picture.ProxyOptions{
		Decoder: picture.NewDecoder(), Client: func() (*http.Client, error) { return client, nil }, Log: zerolog.Nop(),
		Now: func() time.Time { return p.now },
		Own: func(address string) string {
			path, own := strings.CutPrefix(address, "https://relay.example.com")
			if !own {
				return ""
			}
			return path
		},
	})
	t.Cleanup(func() { p.Close(); client.CloseIdleConnections() })
	return p
}

// show asks for a card's picture as a page does.
func (p *proxy) show(address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, p.Address(address), nil))
	return w
}

// host serves what a function says, and counts how often it is asked.
func host(t *testing.T, answer http.HandlerFunc) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func TestAPageShowsACardsPicture(t *testing.T) {
	large := asPNG(t, drawn(3000, 30, 255))
	address, asked := host(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" {
			t.Errorf("the host was told %v", r.Header)
		}
		http.SetCookie(w, &http.Cookie{Name: "track", Value: "1"})
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(large)
	})
	p := newProxy(t, http.DefaultClient)
	for range 3 {
		w := p.show(address + "/a.png?size=large&x=<>")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/jpeg" || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Set-Cookie") != "" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
		if !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
			t.Error("a picture that is opened by itself may act")
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the host was asked %d times", asked.Load())
	}
	p.now = p.now.Add(24 * time.Hour)
	p.show(address + "/a.png?size=large&x=<>")
	if asked.Load() != 2 {
		t.Error("a picture of yesterday was not asked for again")
	}
}

// TestOnlyWhatACardNamedIsFetched: whoever may see pages cannot have the relay ask for
// addresses of their own choice.
func TestOnlyWhatACardNamedIsFetched(t *testing.T) {
	address, asked := host(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(asPNG(t, drawn(8, 8, 255))) })
	p, other := newProxy(t, http.DefaultClient), newProxy(t, http.DefaultClient)
	named, err := url.Parse(p.Address(address + "/named.png"))
	if err != nil {
		t.Fatal(err)
	}
	sum := named.Query().Get("s")
	flipped := []byte(sum)
	flipped[0] ^= 1
	for name, path := range map[string]string{
		"nothing":                  picture.ProxyPath,
		"no signature":             picture.ProxyPath + "?" + url.Values{"u": {address}}.Encode(),
		"another's signature":      picture.ProxyPath + "?" + url.Values{"u": {address + "/other.png"}, "s": {sum}}.Encode(),
		"half a signature":         picture.ProxyPath + "?" + url.Values{"u": {address + "/named.png"}, "s": {sum[:20]}}.Encode(),
		"a changed signature":      picture.ProxyPath + "?" + url.Values{"u": {address + "/named.png"}, "s": {string(flipped)}}.Encode(),
		"another relay's":          other.Address(address + "/named.png"),
		"an address after it":      picture.ProxyPath + "?" + url.Values{"u": {address + "/named.png", address + "/other.png"}, "s": {"x", sum}}.Encode(),
		"the signature of nothing": picture.ProxyPath + "?" + url.Values{"u": {""}, "s": {sum}}.Encode(),
	} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the host was asked %d times", asked.Load())
	}
}

// TestNobodyUploadsByAskingForAPicture: a request for one may have a body, which could fill
// the disk if it were read as a form.
func TestNobodyUploadsByAskingForAPicture(t *testing.T) {
	p := newProxy(t, http.DefaultClient)
	body := strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"u\"; filename=\"f\"\r\n\r\n…\r\n--x--\r\n")
	size := body.Len()
	r := httptest.NewRequest(http.MethodGet, picture.ProxyPath, body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	w := httptest.NewRecorder()
	if p.ServeHTTP(w, r); w.Code != http.StatusNotFound || body.Len() != size {
		t.Errorf("the answer is %d, and %d of %d bytes were read", w.Code, size-body.Len(), size)
	}
}

func TestWhatIsNoPictureHasNoAddress(t *testing.T) {
	p := newProxy(t, http.DefaultClient)
	for _, address := range []string{
		"", "x.png", "//host.example/x.png", "javascript:alert(1)", "file:///etc/passwd", "ftp://host.example/x.png", "about:blank", "blob:https://host.example/x",
		"https://host.example/" + strings.Repeat("x", 3000), "data:image/png;base64," + strings.Repeat("A", 2<<20),
	} {
		if got := p.Address(address); got != "" {
			t.Errorf("%.40s: %.80s", address, got)
		}
	}
	if got := p.Address("https://relay.example.com/pictures/x.png"); got != "/pictures/x.png" {
		t.Errorf("the relay's own picture is at %s", got)
	}
}

// TestNoPictureLeadsInside tries with the real client what strangers do to have the relay
// look into its operator's network.
func TestNoPictureLeadsInside(t *testing.T) {
	inside, asked := host(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(asPNG(t, drawn(8, 8, 255))) })
	port := inside[strings.LastIndex(inside, ":"):]
	var pool outbound.Pool
	guarded, err := pool.Client(outbound.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("at once", func(t *testing.T) {
		p := newProxy(t, guarded)
		for _, address := range []string{
			inside, "http://localhost" + port, "http://[::1]" + port, "http://[::ffff:127.0.0.1]" + port, "http://0.0.0.0" + port, "http://127.1" + port, "http://2130706433" + port,
			"http://0x7f000001" + port, "http://[::]" + port, "http://user@127.0.0.1" + port, "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://[64:ff9b::7f00:1]" + port, "http://10.0.0.1/", "http://100.100.100.200/",
		} {
			if w := p.show(address + "/x.png"); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", address, w.Code)
			}
		}
	})
	t.Run("by a redirect", func(t *testing.T) {
		p := newProxy(t, &http.Client{Transport: redirecting{to: inside + "/x.png", next: guarded.Transport}})
		if w := p.show("https://public.example/x.png"); w.Code != http.StatusNotFound {
			t.Errorf("%d", w.Code)
		}
	})
	if asked.Load() != 0 {
		t.Errorf("the server inside was asked %d times", asked.Load())
	}
}

// redirecting answers for one public host that the picture has moved.
type redirecting struct {
	to   string
	next http.RoundTripper
}

func (r redirecting) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != "public.example" {
		return r.next.RoundTrip(req)
	}
	return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {r.to}}, Body: http.NoBody, Request: req}, nil
}

// TestAHostThatMisbehavesCostsLittle: it is asked once, gets no more than its bounds, and is
// left alone for a while.
func TestAHostThatMisbehavesCostsLittle(t *testing.T) {
	whole := asPNG(t, drawn(8, 8, 255))
	tests := map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot); _, _ = w.Write(whole) },
		"a page":   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<script>alert(1)</script>") },
		"an SVG": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, "<svg/>")
		},
		"an SVG as a PNG": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			fmt.Fprint(w, "<svg/>")
		},
		"endless bytes":    func(w http.ResponseWriter, r *http.Request) { flood(w, r, whole) },
		"a bomb of pixels": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(resized(whole, 30_000, 30_000)) },
		"half of it": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			_, _ = w.Write(whole)
		},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			address, asked := host(t, answer)
			p := newProxy(t, http.DefaultClient)
			for range 3 {
				w := p.show(address + "/x.png")
				if w.Code != http.StatusNotFound || w.Header().Get("Cache-Control") != "no-store" || strings.Contains(w.Body.String(), "127.0.0.1") {
					t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
				}
			}
			if asked.Load() != 1 {
				t.Errorf("the host was asked %d times", asked.Load())
			}
			p.now = p.now.Add(time.Hour)
			p.show(address + "/x.png")
			if asked.Load() != 2 {
				t.Error("an hour later it was not given another chance")
			}
		})
	}
	t.Run("redirects without end", func(t *testing.T) {
		address, asked := host(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) })
		if w := newProxy(t, http.DefaultClient).show(address + "/x.png"); w.Code != http.StatusNotFound || asked.Load() > 6 {
			t.Errorf("%d after %d requests", w.Code, asked.Load())
		}
	})
}

// flood writes until nobody reads.
func flood(w http.ResponseWriter, _ *http.Request, begin []byte) {
	_, err := w.Write(begin)
	for more := make([]byte, 64<<10); err == nil; {
		_, err = w.Write(more)
	}
}

// TestManyReadersShareOneFetch, and one that leaves does not take it from the others.
func TestManyReadersShareOneFetch(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	address, count := host(t, func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = w.Write(asPNG(t, drawn(8, 8, 255)))
	})
	p := newProxy(t, http.DefaultClient)
	var all sync.WaitGroup
	first := httptest.NewRequest(http.MethodGet, p.Address(address), nil)
	all.Go(func() { p.ServeHTTP(httptest.NewRecorder(), first) })
	<-asked
	for range 20 {
		all.Go(func() {
			if w := p.show(address); w.Code != http.StatusOK {
				t.Errorf("%d", w.Code)
			}
		})
	}
	close(answer)
	all.Wait()
	if count.Load() != 1 {
		t.Errorf("the host was asked %d times", count.Load())
	}
}

// TestAHostThatSaysNothingHoldsNothingUp: who waits for it goes when the relay stops.
func TestAHostThatSaysNothingHoldsNothingUp(t *testing.T) {
	asked, never := make(chan struct{}), make(chan struct{})
	address, _ := host(t, func(http.ResponseWriter, *http.Request) { close(asked); <-never })
	t.Cleanup(func() { close(never) })
	p := newProxy(t, http.DefaultClient)
	var shown sync.WaitGroup
	shown.Go(func() {
		if w := p.show(address); w.Code != http.StatusNotFound {
			t.Errorf("%d", w.Code)
		}
	})
	<-asked
	p.Close()
	shown.Wait()
}

func TestAPictureInTheCardItself(t *testing.T) {
	p := newProxy(t, http.DefaultClient)
	png := base64.StdEncoding.EncodeToString(asPNG(t, drawn(2000, 20, 100)))
	w := p.show("data:image/png;base64," + png)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" || w.Body.Len() > len(png) {
		t.Errorf("%d %v, %d bytes", w.Code, w.Header(), w.Body.Len())
	}
	if address := p.Address("data:image/png;base64," + png); len(address) > 300 {
		t.Errorf("the page has to hold an address of %d bytes", len(address))
	}
	for _, bad := range []string{"data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte("<svg onload='alert(1)'/>")), "data:text/html,<script>alert(1)</script>", "data:image/png;base64,!!", "data:"} {
		if w := p.show(bad); w.Code != http.StatusNotFound || bytes.Contains(w.Body.Bytes(), []byte("script")) {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}

// TestPicturesKeepWithinTheirMemory: what a stranger posts a thousand times pushes out old
// pictures, and nothing else.
func TestPicturesKeepWithinTheirMemory(t *testing.T) {
	p := newProxy(t, http.DefaultClient)
	first := "data:image/png;base64," + strings.Repeat("A", 500_000)
	kept := p.Address(first)
	for i := range 40 {
		p.Address(fmt.Sprintf("data:image/png;base64,%d%s", i, strings.Repeat("A", 500_000)))
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, kept, nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("forty pictures of half a megabyte are all still there: %d", w.Code)
	}
}
