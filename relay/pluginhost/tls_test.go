package pluginhost

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/outbound/trusttest"
	"github.com/connector-relay/relay/relay/secret"
)

func TestThePluginProcessMakesItsRequestsAsConfigured(t *testing.T) {
	a := trusttest.New(t)
	s := a.Server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName+" "+r.UserAgent())
	}, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	s.Config.SetKeepAlivesEnabled(false) // each request has a handshake of its own
	dir := t.TempDir()
	src := source("")
	src.HTTP = outbound.Settings{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, CA: a.PEM, UserAgent: "relay/1",
		ClientCert: filepath.Join(dir, "client.pem"), ClientKey: filepath.Join(dir, "client.key"),
	}
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	fetch := Request{Path: "/fetch", Body: []byte(s.URL)}
	for _, name := range []string{"first", "renewed"} {
		a.Issue(t, name, src.HTTP.ClientCert, src.HTTP.ClientKey)
		if got := string(receive(t, h, src, fetch).Body); got != name+" relay/1" {
			t.Errorf("the server saw %q, want %s", got, name)
		}
	}
	src.HTTP.MinTLS = "1.3"
	if _, err := h.Receive(t.Context(), src, fetch); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("with a server that is too old: %v", err)
	}
	src.HTTP.MinTLS = "1.4"
	if _, err := h.Receive(t.Context(), src, fetch); connector.KindOf(err) != connector.KindMisconfigured || !strings.Contains(err.Error(), "http.min_tls") {
		t.Errorf("with a version that is none: %v", err)
	}
}

// What cannot be sent as it is configured is not sent another way.
func TestNothingIsAskedOfAPluginWhileItsProxyCannotBeRead(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	file := filepath.Join(t.TempDir(), "proxy")
	src := source("")
	src.HTTP.Proxy = secret.FromFile(file)
	_, polled := h.Poll(t.Context(), src, nil, func(context.Context, event.Batch) error { return nil })
	_, received := h.Receive(t.Context(), src, Request{Path: "/fetch"})
	removed := h.Remove(t.Context(), src, nil)
	for call, err := range map[string]error{"Poll": polled, "Receive": received, "Remove": removed} {
		if connector.KindOf(err) != connector.KindTemporary || !strings.Contains(fmt.Sprint(err), "http.proxy") {
			t.Errorf("%s: %v", call, err)
		}
	}
	if err := os.WriteFile(file, []byte("http://127.0.0.1:9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Receive(t.Context(), src, Request{Path: "/echo"}); err != nil && strings.Contains(err.Error(), "http.proxy") {
		t.Errorf("with the file: %v", err)
	}
}
