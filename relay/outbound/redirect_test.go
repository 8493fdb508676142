package outbound

import (
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"golang.org/x/oauth2"
)

func certificateOf(s *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// witness is a server that remembers all that it was told.
type witness struct {
	*httptest.Server
	told strings.Builder
}

// newWitness serves at an address of its own, by TLS or not.
func newWitness(t *testing.T, address string, secure bool, answer http.HandlerFunc) *witness {
	t.Helper()
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.told.WriteString(r.Method + " " + r.URL.String() + "\n")
		_ = r.Header.Write(&w.told)
		answer(out, r)
	}))
	w.Listener.Close()
	w.Listener = listener
	if secure {
		w.StartTLS()
	} else {
		w.Start()
	}
	t.Cleanup(w.Close)
	return w
}

// TestHostileRedirects sends requests with credentials in every place to a server
// that redirects them, and reads what the other server was told.
func TestHostileRedirects(t *testing.T) {
	const canary = "CANARY"
	plain := map[string]func(*http.Client) *http.Client{
		"by itself": func(c *http.Client) *http.Client { return c },
		"in an OAuth transport": func(c *http.Client) *http.Client {
			ctx := context.WithValue(context.Background(), oauth2.HTTPClient, c)
			return oauth2.NewClient(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: canary}))
		},
		"in go-github's": func(c *http.Client) *http.Client { return github.NewClient(c).WithAuthToken(canary).Client() },
	}
	for name, wrap := range plain {
		for _, status := range []int{301, 302, 303, 307, 308} {
			other := newWitness(t, "127.0.0.2", false, func(http.ResponseWriter, *http.Request) {})
			first := newWitness(t, "127.0.0.1", false, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+"/elsewhere", status)
			})
			client := wrap(clientWith(t, &Pool{}, Settings{Allow: networks("127.0.0.0/8"), UserAgent: "relay/1"}))
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(first.URL, "://", "://user:"+canary+"@", 1)+"/feed?token="+canary, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			for _, header := range []string{"Private-Token", "X-Api-Key", "X-Trello-Key", "Cookie", "Referer", "Proxy-Authorization", "X-Anything"} {
				r.Header.Set(header, canary)
			}
			r.Header.Set("Accept", "application/rss+xml")
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			told := other.told.String()
			if strings.Contains(told, canary) || strings.Contains(told, "Authorization") || strings.Contains(told, "Referer") {
				t.Errorf("%s, %d: the other server was told\n%s", name, status, told)
			}
			if !strings.Contains(told, "Accept: application/rss+xml") || !strings.Contains(told, "User-Agent: relay/1") {
				t.Errorf("%s, %d: the harmless headers are gone:\n%s", name, status, told)
			}
			if !strings.Contains(first.told.String(), "X-Trello-Key: "+canary) {
				t.Errorf("%s, %d: the first server was not told:\n%s", name, status, first.told.String())
			}
		}
	}
}

func TestWhatIsMeantForAServerStaysWithItWhereverARedirectLeads(t *testing.T) {
	for name, c := range map[string]struct {
		path string // where the first server redirects to; OTHER stands for another one
		kept bool   // whether the last request carries credentials
	}{
		"the same server":                {"/end", true},
		"another port":                   {"OTHER/end", false},
		"there and back":                 {"OTHER/back", false},
		"round about on the same server": {"/again", true},
	} {
		t.Run(name, func(t *testing.T) {
			var first, other *witness
			last := ""
			answer := func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/start":
					http.Redirect(w, r, strings.Replace(c.path, "OTHER", other.URL, 1), http.StatusFound)
				case "/again":
					http.Redirect(w, r, "/end", http.StatusFound)
				case "/back":
					http.Redirect(w, r, first.URL+"/end", http.StatusFound)
				}
				last = r.Header.Get("Private-Token") + r.Header.Get("Referer")
			}
			first, other = newWitness(t, "127.0.0.1", false, answer), newWitness(t, "127.0.0.1", false, answer)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, first.URL+"/start", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Private-Token", "t")
			resp, err := clientWith(t, &Pool{}, Settings{Allow: networks("127.0.0.0/8")}).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if want := map[bool]string{true: "t"}[c.kept]; last != want {
				t.Errorf("the end was told %q, want %q", last, want)
			}
		})
	}
}

// TestACookieComesBackToTheServerThatSetIt: some servers redirect in circles until it
// does. No other server hears of it.
func TestACookieComesBackToTheServerThatSetIt(t *testing.T) {
	var first, other *witness
	other = newWitness(t, "127.0.0.2", false, func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("seen"); err == nil && c.Value == "1" {
			http.Redirect(w, r, first.URL+"/back", http.StatusFound)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "stolen", Value: "guess"})
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	first = newWitness(t, "127.0.0.1", false, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/back" {
			http.SetCookie(w, &http.Cookie{Name: "mine", Value: "2"})
			http.Redirect(w, r, other.URL+"/", http.StatusFound)
		}
	})
	client := clientWith(t, &Pool{}, Settings{Allow: networks("127.0.0.0/8")})
	client.Jar, _ = cookiejar.New(nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, first.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "stolen=CANARY")
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if told := other.told.String(); strings.Contains(told, "CANARY") || strings.Contains(told, "mine=") || !strings.Contains(told, "seen=1") {
		t.Errorf("the other server was told\n%s", told)
	}
	if told := first.told.String(); !strings.Contains(told, "Cookie: mine=2") || strings.Contains(told, "seen=") {
		t.Errorf("the first server was told\n%s", told)
	}
}

func TestACookieOfADomainIsForItsServers(t *testing.T) {
	for name, c := range map[string]struct {
		from, domain, to string
		want             bool
	}{
		"a sibling":      {"https://auth.site.example/", "site.example", "https://www.site.example/", true},
		"with a dot":     {"https://auth.site.example/", ".site.example", "https://site.example/", true},
		"another domain": {"https://auth.site.example/", "site.example", "https://www.other.example/", false},
		"a longer name":  {"https://auth.site.example/", "site.example", "https://www.notsite.example/", false},
		"not its own":    {"https://evil.example/", "site.example", "https://www.site.example/", false},
		"no domain":      {"https://auth.site.example/", "", "https://www.site.example/", false},
		"in the open":    {"https://auth.site.example/", "site.example", "http://www.site.example/", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{URL: mustParse(t, c.to), Header: http.Header{"Cookie": {"a=1; b=2"}}}
			r.Response = &http.Response{Header: http.Header{}, Request: &http.Request{URL: mustParse(t, c.from)}}
			r.Response.Header.Set("Set-Cookie", (&http.Cookie{Name: "a", Value: "1", Domain: c.domain}).String())
			if got := len(ownCookies(r)) == 1; got != c.want {
				t.Errorf("passed on: %t", got)
			}
		})
	}
}

func TestSameServer(t *testing.T) {
	for _, c := range []struct {
		from, to string
		same     bool
	}{
		{"https://a.example/x", "https://A.example:443/y", true},
		{"http://a.example/x", "http://a.example:80/", true},
		{"http://a.example/", "https://a.example/", true},
		{"https://a.example/", "http://a.example/", false},
		{"https://a.example/", "https://www.a.example/", false},
		{"https://a.example/", "https://a.example.evil.example/", false},
		{"https://a.example/", "https://a.example:8443/", false},
		{"http://a.example:8080/", "https://a.example:8443/", false},
		{"https://[2001:db8::1]/", "https://[2001:db8::1]:443/", true},
	} {
		from, to := mustParse(t, c.from), mustParse(t, c.to)
		if got := sameServer(from, to); got != c.same {
			t.Errorf("from %s to %s: %t, want %t", c.from, c.to, got, c.same)
		}
	}
}

func TestABodyIsNotRedirectedToAnotherServer(t *testing.T) {
	other := newWitness(t, "127.0.0.2", false, func(http.ResponseWriter, *http.Request) {})
	first := newWitness(t, "127.0.0.1", false, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/token", http.StatusTemporaryRedirect)
	})
	client := clientWith(t, &Pool{}, Settings{Allow: networks("127.0.0.0/8")})
	resp, err := client.Post(first.URL, "application/x-www-form-urlencoded", strings.NewReader("client_secret=CANARY"))
	if err == nil {
		resp.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "configure that address") || other.told.Len() > 0 {
		t.Errorf("%v; the other server was told %q", err, other.told.String())
	}
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
