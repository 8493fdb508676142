package plugins_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/connector-relay/relay/plugins"
	"github.com/connector-relay/relay/relay/connector/connectortest"
)

// TestMain refuses to be a process that a connector starts: this test binary has none
// to offer, and running its tests again would start the next one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "plugin" {
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// TestHostileRedirectsOfEveryConnector polls services that redirect every request
// to another server, which must not learn anything from it.
func TestHostileRedirectsOfEveryConnector(t *testing.T) {
	const canary = "CANARY0123456789"
	for typ, arguments := range map[string]func(address string) map[string]any{
		"github": func(a string) map[string]any {
			return map[string]any{"api": a, "repository": "owner/repo", "token": canary}
		},
		"azuredevops": func(a string) map[string]any {
			return map[string]any{"url": a, "release_url": a, "project": "p", "token": canary}
		},
		"trello": func(a string) map[string]any {
			return map[string]any{"api": a, "board": "abcdefgh", "key": canary, "token": canary}
		},
		"todo": func(a string) map[string]any {
			return map[string]any{"api": a, "login_api": a, "client_id": "c"}
		},
		"x": func(a string) map[string]any {
			return map[string]any{"api": a, "token": canary, "search": "relay"}
		},
		"rss": func(a string) map[string]any {
			return map[string]any{"url": strings.Replace(a, "://", "://user:"+canary+"@", 1) + "/feed?token=" + canary}
		},
	} {
		for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
			t.Run(typ+" "+http.StatusText(status), func(t *testing.T) {
				var first, other strings.Builder
				write := func(b *strings.Builder, r *http.Request) {
					b.WriteString(r.Method + " " + r.URL.String() + "\n")
					_ = r.Header.Write(b)
				}
				stranger := serveAt(t, "127.0.0.2", func(w http.ResponseWriter, r *http.Request) {
					write(&other, r)
					http.NotFound(w, r)
				})
				service := serveAt(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
					write(&first, r)
					http.Redirect(w, r, stranger+"/elsewhere", status)
				})
				c := connectortest.New(t, plugins.Bundled()[typ], arguments(service))
				c.Token = canary
				if _, err := c.Poll(t.Context(), nil); err == nil || strings.Contains(err.Error(), canary) {
					t.Errorf("the poll ends with %v", err)
				}
				// Basic's base64 does not show the canary, but its header.
				if !strings.Contains(first.String(), canary) && !strings.Contains(first.String(), "Authorization: Basic ") {
					t.Errorf("the service was told no secret, so that this proves nothing:\n%s", first.String())
				}
				for _, secret := range []string{canary, "Authorization", "Referer", "Cookie"} {
					if strings.Contains(other.String(), secret) {
						t.Errorf("the stranger was told:\n%s", other.String())
					}
				}
				if other.Len() == 0 {
					t.Error("nobody followed the redirect")
				}
			})
		}
	}
}

// serveAt serves at an address of its own: ports of one address are one host.
func serveAt(t *testing.T, address string, handler http.HandlerFunc) string {
	t.Helper()
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	s.Listener.Close()
	s.Listener = listener
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}
