package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// receiving returns a connector that only receives.
func receiving(t testing.TB, name string) Spec {
	t.Helper()
	c := polled(t, name, "")
	c.Polls = false
	return c
}

// one answers each request with one event.
func one(_ context.Context, _ pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
	return pluginhost.Reply{Body: []byte("1"), Events: []event.Event{newEvent(string(r.Body))}}, nil
}

func request(i *Intake, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	i.Hooks().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestAHookAnswersOnceItsEventsAreStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hold = make(chan struct{})
		i := start(t, options(m, &plugins{receive: one}), receiving(t, "ci"))
		var w *httptest.ResponseRecorder
		go func() { w = request(i, http.MethodPost, "/hooks/token-of-ci", "a") }()
		time.Sleep(time.Minute)
		if w != nil {
			t.Error("it answered before")
		}
		m.hold <- struct{}{}
		synctest.Wait()
		if w == nil || w.Code != http.StatusOK || w.Body.String() != "1" || len(m.batches()) != 1 {
			t.Errorf("it answered %v", w)
		}
	})
}

func TestThePluginGetsTheRequestAsItCame(t *testing.T) {
	var got pluginhost.Request
	var src pluginhost.Call
	p := &plugins{receive: func(_ context.Context, s pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
		got, src = r, s
		return pluginhost.Reply{}, nil
	}}
	c := receiving(t, "ci")
	c.PublicURL = "https://relay.example.com"
	c.Arguments = func() ([]byte, error) { return []byte(`{"a":1}`), nil }
	i := start(t, options(newMemory(), p), c)
	r := httptest.NewRequest(http.MethodPut, "/hooks/token-of-ci/a%2Fb/c?x=%41&y", strings.NewReader("\x00\xff"))
	r.Header.Set("X-Signature", "s")
	w := httptest.NewRecorder()
	i.Hooks().ServeHTTP(w, r)
	want := pluginhost.Request{Method: "PUT", Path: "/a%2Fb/c", Query: "x=%41&y", Header: http.Header{"X-Signature": {"s"}}, Body: []byte("\x00\xff"), Remote: "192.0.2.1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the request (-want +got):\n%s", diff)
	}
	wantSource := pluginhost.Call{Type: "fake", Connector: "ci", Arguments: []byte(`{"a":1}`), HookURL: "https://relay.example.com/hooks/token-of-ci"}
	if diff := cmp.Diff(wantSource, src); diff != "" {
		t.Errorf("the source (-want +got):\n%s", diff)
	}
	if w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
}

func TestAnUnknownHookLooksLikeAnyOtherAddress(t *testing.T) {
	gone, polls := receiving(t, "off"), polled(t, "polls", "@every 1h")
	polls.Receives = false
	i := start(t, options(newMemory(), &plugins{receive: one}), receiving(t, "ci"), gone, polls)
	if err := i.Apply(t.Context(), []Spec{receiving(t, "ci"), polls}); err != nil {
		t.Fatal(err)
	}
	other := httptest.NewRecorder()
	http.NotFound(other, httptest.NewRequest(http.MethodGet, "/other", nil))
	for _, path := range []string{"/hooks/", "/hooks/guess", "/hooks/token-of-c", "/hooks/token-of-cii", "/hooks/TOKEN-OF-CI", "/hooks/token-of-off", "/hooks/token-of-polls", "/hooks//token-of-ci"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			w := request(i, method, path, "a")
			if w.Code != other.Code || w.Body.String() != other.Body.String() || !cmp.Equal(w.Header(), other.Header()) {
				t.Errorf("%s %s was answered with %d %v %q", method, path, w.Code, w.Header(), w.Body)
			}
		}
	}
}

func TestAHookAnswersAtItsPathToo(t *testing.T) {
	m := newMemory()
	ci, other := receiving(t, "ci"), receiving(t, "other")
	ci.Path, other.Path = "/webhookb2/a@b/IncomingWebhook/c/d", "/services/T0/B0/x"
	o := options(m, &plugins{receive: func(_ context.Context, s pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
		return pluginhost.Reply{Body: []byte(s.Connector + " " + r.Path)}, nil
	}})
	i := start(t, o, ci, other)
	for path, want := range map[string]string{
		ci.Path: "ci ", "/webhookb2/a%40b/IncomingWebhook/c/d?x=y": "ci ", other.Path: "other ", "/hooks/token-of-ci/x": "ci /x",
		ci.Path + "/": "", ci.Path + "/x": "", "/webhookb2": "", "/hooks" + ci.Path: "", "/hooks/" + ci.Path: "", "/token-of-ci": "", "/": "",
	} {
		w := request(i, http.MethodPost, path, "a")
		if (w.Code == http.StatusOK) != (want != "") || want != "" && w.Body.String() != want {
			t.Errorf("%s was answered with %d %q", path, w.Code, w.Body)
		}
	}
	if urls := i.HookURLs(); len(urls) != 2 {
		t.Errorf("the hook URLs are %+v", urls)
	}
	ci.Enabled, ci.Fingerprint = false, "disabled"
	if err := i.Apply(t.Context(), []Spec{ci}); err != nil {
		t.Fatal(err)
	}
	if w := request(i, http.MethodPost, ci.Path, "a"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("the path of a disabled connector was answered with %d", w.Code)
	}
	if w := request(i, http.MethodPost, other.Path, "a"); w.Code != http.StatusNotFound {
		t.Errorf("the path of a connector that is gone was answered with %d", w.Code)
	}
}

func TestWhatCannotBeKeptIsAskedForAgain(t *testing.T) {
	fails := func(err error) func(context.Context, pluginhost.Call, pluginhost.Request) (pluginhost.Reply, error) {
		return func(context.Context, pluginhost.Call, pluginhost.Request) (pluginhost.Reply, error) {
			return pluginhost.Reply{}, err
		}
	}
	tests := []struct {
		name    string
		receive func(context.Context, pluginhost.Call, pluginhost.Request) (pluginhost.Reply, error)
		fail    error
		args    error
		retry   string
	}{
		{name: "the plugin fails", receive: fails(errDown), retry: "5"},
		{name: "the source is throttled", receive: fails(connector.Throttled(time.Now().Add(90*time.Second), "slow")), retry: "90"},
		{name: "the source is throttled for ever", receive: fails(connector.Throttled(time.Now().AddDate(1, 0, 0), "slow")), retry: "3601"},
		{name: "the store cannot be written", receive: one, fail: store.ErrUnavailable, retry: "5"},
		{name: "the store is closed", receive: one, fail: store.ErrClosed, retry: "5"},
		{name: "a secret's file is missing", receive: one, args: errors.New("no such file"), retry: "5"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory()
			var log bytes.Buffer
			o := options(m, &plugins{receive: test.receive})
			o.Log = zerolog.New(zerolog.SyncWriter(&log))
			c := receiving(t, "ci")
			c.Arguments = func() ([]byte, error) { return nil, test.args }
			i := start(t, o, c)
			m.breaks(test.fail)
			for range 3 {
				w := request(i, http.MethodPost, "/hooks/token-of-ci", "a")
				if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != test.retry || w.Header().Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("answered %d %v", w.Code, w.Header())
				}
			}
			i.Stop(t.Context()) // nobody writes to the log any more
			if n := strings.Count(log.String(), "hook request"); n != 1 || strings.Contains(log.String(), "token-of") {
				t.Errorf("a flood of failures is to be logged once, without the token: %s", &log)
			}
			if len(m.batches()) > 0 {
				t.Error("something was stored")
			}
		})
	}
}

func TestBodiesHaveALimit(t *testing.T) {
	var got int
	o := options(newMemory(), &plugins{receive: func(_ context.Context, _ pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
		got = len(r.Body)
		return pluginhost.Reply{}, nil
	}})
	ci := receiving(t, "ci")
	ci.Hooks.MaxBody = 200_000
	i := start(t, o, ci)
	for _, test := range []struct {
		name   string
		size   int
		length int64
		want   int
	}{
		{"none", 0, 0, 200},
		{"all", 200_000, 200_000, 200},
		{"all, of unknown length", 200_000, -1, 200},
		{"too much", 200_001, 200_001, 413},
		{"too much, of unknown length", 200_001, -1, 413},
		{"more than announced", 200_001, 10, 413},
	} {
		r := httptest.NewRequest(http.MethodPost, "/hooks/token-of-ci", strings.NewReader(strings.Repeat("x", test.size)))
		r.ContentLength = test.length
		got = -1
		w := httptest.NewRecorder()
		i.Hooks().ServeHTTP(w, r)
		if w.Code != test.want || (got == test.size) != (test.want == 200) {
			t.Errorf("%s: answered %d %q, the plugin got %d bytes", test.name, w.Code, w.Body, got)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks/token-of-ci", iotest.ErrReader(io.ErrUnexpectedEOF))
	w := httptest.NewRecorder()
	if i.Hooks().ServeHTTP(w, r); w.Code != http.StatusBadRequest {
		t.Errorf("a body that breaks off was answered with %d", w.Code)
	}
}

func TestASenderThatHangsUpDoesNotUndoItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := &plugins{receive: func(ctx context.Context, s pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
			time.Sleep(time.Second)
			if ctx.Err() != nil {
				return pluginhost.Reply{}, ctx.Err()
			}
			return one(ctx, s, r)
		}}
		i := start(t, options(m, p), receiving(t, "ci"))
		ctx, hangUp := context.WithCancel(t.Context())
		hangUp()
		i.Hooks().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodPost, "/hooks/token-of-ci", strings.NewReader("a")))
		if len(m.batches()) != 1 {
			t.Error("nothing was stored")
		}
	})
}

func TestRequestsHaveALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hold = make(chan struct{})
		ci := receiving(t, "ci")
		ci.Hooks.Concurrency = 2
		i := start(t, options(m, &plugins{receive: one}), ci, receiving(t, "other"))
		codes := make(chan int, 10)
		for range 3 {
			go func() { codes <- request(i, http.MethodPost, "/hooks/token-of-ci", "").Code }()
		}
		synctest.Wait()
		if len(codes) != 1 || <-codes != http.StatusServiceUnavailable {
			t.Error("the third request at a time should be turned away, and only it")
		}
		go func() { codes <- request(i, http.MethodPost, "/hooks/token-of-other", "").Code }()
		synctest.Wait()
		close(m.hold)
		for range 3 {
			if code := <-codes; code != http.StatusOK {
				t.Errorf("answered %d", code)
			}
		}
	})
}

func TestTheRateOfRequestsCanHaveALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ci := receiving(t, "ci")
		ci.Hooks.Rate, ci.Hooks.Burst = 10, 5
		i := start(t, options(newMemory(), &plugins{receive: one}), ci)
		taken := 0
		for range 100 {
			w := request(i, http.MethodPost, "/hooks/token-of-ci", "")
			switch {
			case w.Code == http.StatusOK:
				taken++
			case w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1":
				t.Fatalf("answered %d %v", w.Code, w.Header())
			}
			time.Sleep(10 * time.Millisecond)
		}
		if taken < 14 || taken > 15 {
			t.Errorf("%d requests of a second were taken", taken)
		}
	})
}

func TestThePluginsAnswerCannotHarmTheConnection(t *testing.T) {
	tests := []struct {
		name   string
		reply  pluginhost.Reply
		status int
		header http.Header
	}{
		{
			"its own words",
			pluginhost.Reply{Status: 202, Header: http.Header{"Content-Type": {"application/json"}, "allow": {"POST"}, "X-A": {"1", "2"}}, Body: []byte("{}")},
			202,
			http.Header{"Content-Type": {"application/json"}, "Allow": {"POST"}, "X-A": {"1", "2"}, "X-Content-Type-Options": {"nosniff"}},
		},
		{"no type", pluginhost.Reply{Body: []byte("<script>")}, 200, http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}},
		{"no body", pluginhost.Reply{Status: 204}, 204, http.Header{"X-Content-Type-Options": {"nosniff"}}},
		{"the connection's headers", pluginhost.Reply{Header: http.Header{"connection": {"close"}, "Transfer-Encoding": {"chunked"}, "content-length": {"999"}, "Set-Cookie": {"a=b"}, "Trailer:X": {"a"}, "X-Content-Type-Options": {"sniff"}}}, 200, http.Header{"X-Content-Type-Options": {"nosniff"}}},
		{"an impossible status", pluginhost.Reply{Status: 99}, 200, http.Header{"X-Content-Type-Options": {"nosniff"}}},
		{"another impossible status", pluginhost.Reply{Status: 1000}, 200, http.Header{"X-Content-Type-Options": {"nosniff"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i := start(t, options(newMemory(), &plugins{receive: func(context.Context, pluginhost.Call, pluginhost.Request) (pluginhost.Reply, error) {
				return test.reply, nil
			}}), receiving(t, "ci"))
			w := request(i, http.MethodGet, "/hooks/token-of-ci", "")
			if w.Code != test.status || w.Body.String() != string(test.reply.Body) {
				t.Errorf("answered %d %q", w.Code, w.Body)
			}
			if diff := cmp.Diff(test.header, w.Header()); diff != "" {
				t.Errorf("the headers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHooksDuringAReloadAndAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hold = make(chan struct{})
		i := start(t, options(m, &plugins{receive: one}), receiving(t, "ci"))
		codes := make(chan int, 2)
		go func() { codes <- request(i, http.MethodPost, "/hooks/token-of-ci", "a").Code }()
		synctest.Wait()
		changed := receiving(t, "ci")
		changed.Fingerprint = "another"
		if err := i.Apply(t.Context(), []Spec{changed}); err != nil {
			t.Fatal(err)
		}
		go func() { codes <- request(i, http.MethodPost, "/hooks/token-of-ci", "b").Code }()
		synctest.Wait()
		stopped := make(chan struct{})
		go func() { halt(t, i); close(stopped) }()
		synctest.Wait()
		select {
		case <-stopped:
			t.Error("the stop did not wait for the commits under way")
		default:
		}
		if w := request(i, http.MethodPost, "/hooks/token-of-ci", "c"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("a request during the stop was answered with %d", w.Code)
		}
		if w := request(i, http.MethodPost, "/hooks/guess", "c"); w.Code != http.StatusNotFound {
			t.Errorf("a guess during the stop was answered with %d", w.Code)
		}
		close(m.hold)
		<-stopped
		if a, b := <-codes, <-codes; a != http.StatusOK || b != http.StatusOK {
			t.Errorf("the requests under way were answered with %d and %d", a, b)
		}
	})
}

func TestARotatedSecretCountsAMomentLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads, told := 0, ""
		c := receiving(t, "ci")
		c.Arguments = func() ([]byte, error) { reads++; return []byte{byte('0' + reads)}, nil }
		i := start(t, options(newMemory(), &plugins{receive: func(_ context.Context, s pluginhost.Call, _ pluginhost.Request) (pluginhost.Reply, error) {
			told = string(s.Arguments)
			return pluginhost.Reply{}, nil
		}}), c)
		for range 1000 {
			request(i, http.MethodPost, "/hooks/token-of-ci", "")
		}
		if reads != 1 || told != "1" {
			t.Errorf("the arguments were read %d times", reads)
		}
		time.Sleep(argumentsFor)
		if request(i, http.MethodPost, "/hooks/token-of-ci", ""); told != "2" {
			t.Errorf("the plugin was told %q", told)
		}
	})
}

func TestTheSendersAddress(t *testing.T) {
	i := New(Options{})
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RemoteAddr, r.Header["X-Forwarded-For"] = "10.0.0.1:1234", []string{"192.0.2.7"}
	if got := i.remote(r); got != "10.0.0.1" {
		t.Errorf("with no proxy that is trusted: %q", got)
	}
	i.TrustProxies([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")})
	for _, test := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"directly", "192.0.2.7:1234", nil, "192.0.2.7"},
		{"directly, with a lie", "192.0.2.7:1234", []string{"198.51.100.1"}, "192.0.2.7"},
		{"through a proxy", "10.0.0.1:1234", []string{"192.0.2.7"}, "192.0.2.7"},
		{"through a proxy, with a lie before", "10.0.0.1:1234", []string{"198.51.100.1, 192.0.2.7"}, "192.0.2.7"},
		{"through two proxies", "10.0.0.1:1234", []string{"198.51.100.1", "192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		{"through IPv6", "[fd00::1]:1234", []string{"[2001:db8::7]:5678"}, "2001:db8::7"},
		{"mapped", "[::ffff:10.0.0.1]:1234", []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		{"with a zone", "[fe80::1%eth0]:1234", nil, "fe80::1"},
		{"a proxy that says nothing", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"a proxy that does not know", "10.0.0.1:1234", []string{"unknown"}, ""},
		{"only proxies", "10.0.0.1:1234", []string{"10.0.0.2,,10.0.0.3"}, "10.0.0.2"},
		{"no address", "@", nil, ""},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = test.peer
		r.Header["X-Forwarded-For"] = test.forwarded
		if got := i.remote(r); got != test.want {
			t.Errorf("%s: %q, not %q", test.name, got, test.want)
		}
	}
}
