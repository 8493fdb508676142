package rest

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/outbound"
)

// serve answers with a function's answers, at a path below the server's.
func serve(t *testing.T, o Options, answer http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return clientOf(t, server.URL, o)
}

// clientOf is a client with an HTTP client such as the relay's.
func clientOf(t *testing.T, base string, o Options) *Client {
	t.Helper()
	h, err := new(outbound.Pool).Client(outbound.Settings{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	if o.Base = base; o.Name == "" {
		o.Name = "Acme"
	}
	c, err := New(h, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestARequestIsWhatItsPartsSay(t *testing.T) {
	type asked struct {
		Method, URI, Accept, Content, Prefer, Body string
	}
	c := serve(t, Options{Path: "v1.0", Query: url.Values{"version": {"7"}}, Header: http.Header{"Prefer": {"all"}}}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method == http.MethodGet && (r.ContentLength != 0 || len(r.TransferEncoding) > 0) {
			t.Error("a GET has a body")
		}
		_ = json.NewEncoder(w).Encode(asked{r.Method, r.RequestURI, r.Header.Get("Accept"), r.Header.Get("Content-Type"), r.Header.Get("Prefer"), string(body)})
	})
	for _, test := range []struct {
		request Request
		want    asked
	}{
		{Request{Path: "users/me"}, asked{"GET", "/v1.0/users/me?version=7", "application/json", "", "all", ""}},
		{Request{Path: "/users/a%2Fb"}, asked{"GET", "/v1.0/users/a%2Fb?version=7", "application/json", "", "all", ""}},
		{Request{Path: "users?$expand=all"}, asked{"GET", "/v1.0/users?%24expand=all&version=7", "application/json", "", "all", ""}},
		{Request{Path: "users", Query: url.Values{"version": {"6"}}}, asked{"GET", "/v1.0/users?version=6", "application/json", "", "all", ""}},
		{Request{Path: c.base.String() + "users?$x=a,b&version=1"}, asked{"GET", "/v1.0/users?$x=a,b&version=1", "application/json", "", "all", ""}},
		{Request{Path: "a:b/c?to=https://other.test/"}, asked{"GET", "/v1.0/a:b/c?to=https%3A%2F%2Fother.test%2F&version=7", "application/json", "", "all", ""}},
		{
			Request{Method: "POST", Path: "", Body: map[string]int{"n": 1}, Header: http.Header{"Prefer": {"none"}, "Accept": {"text/json"}}},
			asked{"POST", "/v1.0/?version=7", "text/json", "application/json", "none", `{"n":1}`},
		},
	} {
		var got asked
		if _, err := c.Do(t.Context(), test.request, &got); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.request, diff)
		}
	}
}

func TestABaseThatIsNoAddressNamesItsArgument(t *testing.T) {
	for _, base := range []string{"", "api.example.com", "ftp://api.example.com", "https://", "https://:80", "https://user:canary@%zz", "https://api.example.com?canary=1"} {
		_, err := New(http.DefaultClient, Options{Base: base, Argument: "api"})
		if connector.KindOf(err) != connector.KindMisconfigured || err == nil || !strings.Contains(err.Error(), "argument api") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestEachWayToSignInReachesTheService(t *testing.T) {
	for name, test := range map[string]struct {
		auth Auth
		want func(*http.Request) bool
	}{
		"bearer": {Bearer("canary"), func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer canary" }},
		"header": {Header("X-Api-Key", "canary"), func(r *http.Request) bool { return r.Header.Get("X-Api-Key") == "canary" }},
		"basic":  {Basic("", "canary"), func(r *http.Request) bool { u, p, ok := r.BasicAuth(); return ok && u == "" && p == "canary" }},
	} {
		c := serve(t, Options{Auth: test.auth}, func(w http.ResponseWriter, r *http.Request) {
			if !test.want(r) {
				t.Errorf("%s: %s, %v", name, r.URL, r.Header)
			}
			w.WriteHeader(http.StatusTeapot)
		})
		if _, err := c.Do(t.Context(), Request{Path: "x?a=b"}, nil); StatusOf(err) != http.StatusTeapot || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingIsAskedWithoutASignIn(t *testing.T) {
	c := serve(t, Options{Auth: func(*http.Request) error { return connector.Unauthorised("nobody has signed in") }}, func(http.ResponseWriter, *http.Request) {
		t.Error("the service was asked")
	})
	if _, err := c.Do(t.Context(), Request{}, nil); connector.KindOf(err) != connector.KindUnauthorised {
		t.Error(err)
	}
}

func TestCredentialsGoNowhereButBelowTheBase(t *testing.T) {
	strayed := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked %s with %v", r.URL, r.Header) }))
	defer strayed.Close()
	c := serve(t, Options{Path: "acme", Auth: Bearer("canary")}, func(http.ResponseWriter, *http.Request) {})
	host := c.base.Host
	for _, link := range []string{
		strayed.URL + "/acme/x",
		"http://" + host + "@" + strings.TrimPrefix(strayed.URL, "http://") + "/acme/x",
		"http://" + host + "/other/x",
		"http://" + host + "/acme/../other",
		"http://" + host + "/acme/%2e%2e/other",
		"http://" + host + "/acmeother",
		"https://" + host + "/acme/x",
		"../other",
		"/../other",
	} {
		if _, err := c.Do(t.Context(), Request{Path: link}, nil); err == nil || c.Check(link) == nil || !strings.Contains(err.Error(), "outside of its own address") {
			t.Errorf("%s: %v", link, err)
		}
	}
	if err := c.Check("http://" + host + "/acme/x?y=1"); err != nil {
		t.Error(err)
	}
}

func TestAServiceThatTakesItselfForOneWithoutTLSIsAskedWithIt(t *testing.T) {
	c := clientOf(t, "https://api.example.com/v1", Options{})
	u, err := c.address("http://api.example.com/v1/x?page=2")
	if err != nil || u.String() != "https://api.example.com/v1/x?page=2" {
		t.Error(u, err)
	}
	if _, err := c.address("http://api.example.com:80/v1/x"); err == nil {
		t.Error("another port is the same server")
	}
}

func TestARedirectElsewhereIsWithoutCredentials(t *testing.T) {
	for name, auth := range map[string]Auth{"bearer": Bearer("canary"), "header": Header("Private-Token", "canary"), "basic": Basic("user", "canary")} {
		elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if seen := fmt.Sprint(r.URL, r.Header); strings.Contains(seen, "canary") || r.Header.Get("Authorization") != "" {
				t.Errorf("%s: the other server is told %s", name, seen)
			}
			fmt.Fprint(w, `{}`)
		}))
		defer elsewhere.Close()
		c := serve(t, Options{Auth: auth}, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/file", http.StatusFound)
		})
		if _, err := c.Do(t.Context(), Request{Path: "x"}, &struct{}{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAnswerMeansWhatItsStatusSays(t *testing.T) {
	wait := func(v string) http.Header { return http.Header{"Retry-After": {v}} }
	for _, test := range []struct {
		status int
		header http.Header
		want   connector.ErrorKind
	}{
		{401, nil, connector.KindUnauthorised},
		{403, nil, connector.KindUnauthorised},
		{403, wait("60"), connector.KindThrottled},
		{404, nil, connector.KindTemporary},
		{410, nil, connector.KindGone},
		{429, nil, connector.KindThrottled},
		{500, nil, connector.KindTemporary},
		{503, wait("60"), connector.KindThrottled},
		{304, nil, connector.KindTemporary}, // nobody said what is known
	} {
		c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), test.header)
			w.WriteHeader(test.status)
		})
		_, err := c.Do(t.Context(), Request{Path: "canary?canary"}, nil)
		if connector.KindOf(err) != test.want || StatusOf(err) != test.status || !strings.HasPrefix(err.Error(), "Acme ") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d: %v (%s), want %s", test.status, err, connector.KindOf(err), test.want)
		}
	}
}

func TestAServiceMayMeanSomethingElse(t *testing.T) {
	errResync := errors.New("begin anew")
	o := Options{
		Errors: map[int]error{404: connector.Misconfigured("no such board"), 203: connector.Unauthorised("the token has expired")},
		Meaning: func(r Response, err error) error {
			if strings.Contains(string(r.Body), "resync") {
				return errResync
			}
			return err
		},
	}
	for _, test := range []struct {
		status int
		body   string
		want   func(error) bool
	}{
		{200, `{}`, func(err error) bool { return err == nil }},
		{203, `{}`, func(err error) bool { return connector.KindOf(err) == connector.KindUnauthorised }},
		{404, ``, func(err error) bool {
			return connector.KindOf(err) == connector.KindMisconfigured && StatusOf(err) == 404
		}},
		{410, `{"error": "resync"}`, func(err error) bool { return errors.Is(err, errResync) && StatusOf(err) == 410 }},
		{410, ``, func(err error) bool { return connector.KindOf(err) == connector.KindGone }},
	} {
		c := serve(t, o, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			fmt.Fprint(w, test.body)
		})
		if _, err := c.Do(t.Context(), Request{}, &struct{}{}); !test.want(err) {
			t.Errorf("%d %s: %v", test.status, test.body, err)
		}
	}
}

// endless writes a pattern for ever.
func endless(w http.ResponseWriter, pattern string) {
	block := []byte(strings.Repeat(pattern, 1000))
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

func TestABodyWithoutEndIsNotRead(t *testing.T) {
	for name, pattern := range map[string]string{"a text": "x", "a list": "0,", "depth": "[", "blanks": " "} {
		for _, status := range []int{200, 500} {
			c := serve(t, Options{MaxBody: 1 << 20}, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				fmt.Fprint(w, map[string]string{"a text": `"`, "a list": "["}[name])
				endless(w, pattern)
			})
			var answer any
			got, err := c.Do(t.Context(), Request{}, &answer)
			if err == nil || StatusOf(err) != status || connector.KindOf(err) != connector.KindTemporary || len(got.Body) > maxRefusal {
				t.Errorf("%s with %d: %d bytes, %v", name, status, len(got.Body), err)
			}
		}
	}
}

func TestABodyIsBoundedAfterDecompression(t *testing.T) {
	c := serve(t, Options{MaxBody: 1 << 20}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Error("the client does not ask for gzip")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, `"`, strings.Repeat("x", 2<<20), `"`)
		z.Close()
	})
	var answer string
	if _, err := c.Do(t.Context(), Request{}, &answer); err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
		t.Error(err)
	}
}

func TestABodyMayBeAsLongAsTheBound(t *testing.T) {
	text := `"` + strings.Repeat("x", 1022) + `"`
	for most, good := range map[int64]bool{1024: true, 1023: false} {
		c := serve(t, Options{MaxBody: most}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
		var answer string
		_, err := c.Do(t.Context(), Request{}, &answer)
		if good != (err == nil) || !good && !strings.Contains(err.Error(), "more than 1023 bytes") {
			t.Errorf("of %d bytes: %v", most, err)
		}
	}
}

func TestAnAnswerThatMakesNoSenseIsAnErrorOfItsStatus(t *testing.T) {
	for _, body := range []string{"", "<html>", `{"name":`, `{"name": 1}`, strings.Repeat("[", 20000) + strings.Repeat("]", 20000)} {
		c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
		var answer struct{ Name string }
		if _, err := c.Do(t.Context(), Request{}, &answer); StatusOf(err) != 200 || connector.KindOf(err) != connector.KindTemporary {
			t.Errorf("%.20s: %v", body, err)
		}
	}
}

func TestNoAnswerHasNoStatus(t *testing.T) {
	c := serve(t, Options{}, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ctx, Request{Path: "canary"}, nil); !errors.Is(err, context.Canceled) || StatusOf(err) != 0 || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
}

func TestWhatIsKnownIsNotSentAgain(t *testing.T) {
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"1"` && r.Header.Get("If-Modified-Since") == "yesterday" {
			w.Header().Set("Last-Modified", "today")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "yesterday")
		fmt.Fprint(w, `{"name": "new"}`)
	})
	var answer struct{ Name string }
	first, err := c.Do(t.Context(), Request{}, &answer)
	if err != nil || first.Unchanged() || answer.Name != "new" {
		t.Fatalf("%+v, %v", answer, err)
	}
	answer.Name = "old"
	second, err := c.Do(t.Context(), Request{Known: first.Validators()}, &answer)
	if want := (Validators{`"1"`, "today"}); err != nil || !second.Unchanged() || answer.Name != "old" || second.Validators() != want {
		t.Errorf("%+v, %+v, %v", answer, second.Validators(), err)
	}
}

func TestAValidatorThatIsTooLongIsNone(t *testing.T) {
	if v := ValidatorsOf(http.Header{"Etag": {strings.Repeat("x", 1025)}, "Last-Modified": {"today"}}); v != (Validators{LastModified: "today"}) {
		t.Errorf("%+v", v)
	}
}

func TestTheLongestWaitThatWasAskedForCounts(t *testing.T) {
	headers := []http.Header{
		{"X-Ratelimit-Delay": {"12.5"}},
		{"Retry-After": {"30"}},
		{"X-Rate-Limit-Remaining": {"7"}, "X-Rate-Limit-Reset": {"4000000000"}},
		{},
	}
	c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), headers[0])
		headers = headers[1:]
		fmt.Fprint(w, `{}`)
	})
	for range 4 {
		if _, err := c.Do(t.Context(), Request{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Wait(); got != 30*time.Second {
		t.Errorf("wait %s", got)
	}
}
