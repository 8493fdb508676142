package pluginhost

import (
	"crypto/tls"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/trust/trusttest"
)

func TestThePluginProcessMakesItsRequestsAsConfigured(t *testing.T) {
	a := trusttest.New(t)
	s := a.Server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName+" "+r.UserAgent())
	}, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	s.Config.SetKeepAlivesEnabled(false) // each request has a handshake of its own
	dir := t.TempDir()
	src := source("")
	src.HTTP = connector.HTTP{
		Allow: []string{"127.0.0.0/8"}, CAPEM: a.PEM, UserAgent: "relay/1",
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
