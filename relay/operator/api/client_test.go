package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/api"
)

// remote returns a client that asks a server with a token.
func remote(t *testing.T, h http.HandlerFunc) *api.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := api.Remote(server.URL+"/", "canary", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestATokenGoesNowhereElse: a client follows nobody, and its errors do not show the token.
func TestATokenGoesNowhereElse(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the client was led elsewhere") }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := remote(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer canary" || r.URL.Path != "/api/v1/reload" {
				t.Errorf("%s was asked with %q", r.URL, r.Header)
			}
			http.Redirect(w, r, elsewhere.URL, status)
		})
		if _, err := c.Reload(t.Context()); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestWhatIsNoRelayIsNamed: what another server answers is an error in its words.
func TestWhatIsNoRelayIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
		is     error
	}{
		"a proxy's page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(502)
		}, "the relay answered 502 Bad Gateway", nil},
		"a gate's words": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Not this name.", 421) }, "the relay answered 421 Misdirected Request: Not this name.", nil},
		"a page for all": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "read the relay's answer", nil},
		"a relay's answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(409)
			_, _ = w.Write([]byte(`{"error":"it has changed"}`))
		}, "it has changed", operator.ErrConflict},
	} {
		_, err := remote(t, tt.answer).Status(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
