package channel

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/outbound/trusttest"
	"github.com/connector-relay/relay/relay/secret"
)

// confirm answers as a retired connector does when it has posted a card, once the
// name in the client's certificate is the wanted one.
func confirm(t *testing.T, name *string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if got := r.TLS.PeerCertificates[0].Subject.CommonName; got != *name {
			t.Errorf("came with the certificate of %q, want %q", got, *name)
		}
		_, _ = io.WriteString(w, "1")
	}
}

func before13(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }

func TestAnEndpointThatWantsAClientCertificate(t *testing.T) {
	a := trusttest.New(t)
	for version, set := range map[string]func(*tls.Config){"1.2": before13, "1.3": func(*tls.Config) {}} {
		t.Run(version, func(t *testing.T) {
			name := "first"
			s := a.Server(t, confirm(t, &name), set)
			cert, key := filepath.Join(t.TempDir(), "client.pem"), filepath.Join(t.TempDir(), "client.key")
			a.Issue(t, name, cert, key)
			c := open(t, "office365", s.URL+workflowPath, func(s *Spec) {
				s.HTTP = outbound.Settings{CA: a.PEM, ClientCert: cert, ClientKey: key}
			})
			want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictDelivered, "")

			// The next connection shows the renewed certificate, and is no resumption of
			// the one before.
			name = "second"
			a.Issue(t, name, cert, key)
			c.post.transport.(*http.Transport).CloseIdleConnections()
			want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictDelivered, "")
		})
	}
}

// A request that the endpoint refused to read cannot be a duplicate later.
func TestARefusedClientCertificateLeavesNothingUnknown(t *testing.T) {
	a, stranger := trusttest.New(t), trusttest.New(t)
	cert, key := filepath.Join(t.TempDir(), "client.pem"), filepath.Join(t.TempDir(), "client.key")
	stranger.Issue(t, "stranger", cert, key)
	for version, set := range map[string]func(*tls.Config){"1.2": before13, "1.3": func(*tls.Config) {}} {
		config := a.Config(t)
		set(config)
		address := raw(t, func(_ int, c *net.TCPConn) {
			s := tls.Server(c, config)
			if err := s.HandshakeContext(t.Context()); err == nil {
				t.Error("the handshake succeeded")
			}
			_, _ = io.Copy(io.Discard, c) // what has been written already, so that the alert arrives
		})
		for name, h := range map[string]outbound.Settings{
			"none": {CA: a.PEM}, "a stranger's": {CA: a.PEM, ClientCert: cert, ClientKey: key},
		} {
			t.Run(version+" "+name, func(t *testing.T) {
				c := open(t, "teams", "https://"+address+workflowPath, func(s *Spec) { s.HTTP = h })
				o := c.Send(t.Context(), someDelivery(t, 10))
				if name == "none" && version == "1.2" { // has no alert of its own
					want(t, o, delivery.VerdictFailed, "tls: ")
					return
				}
				want(t, o, delivery.VerdictFailed, "the endpoint does not accept the client certificate: tls: ")
			})
		}
	}
}

func TestAClientCertificateThatIsGone(t *testing.T) {
	a := trusttest.New(t)
	s := a.Server(t, func(http.ResponseWriter, *http.Request) {})
	nowhere := filepath.Join(t.TempDir(), "client.pem")
	c := open(t, "teams", s.URL+workflowPath, func(s *Spec) {
		s.HTTP = outbound.Settings{CA: a.PEM, ClientCert: nowhere, ClientKey: nowhere}
	})
	want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictFailed, "http.client_cert: open "+nowhere)
}

func TestAnEndpointWithATLSThatIsTooOld(t *testing.T) {
	a := trusttest.New(t)
	s := a.Server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1") }, before13,
		func(c *tls.Config) { c.ClientAuth = tls.NoClientCert })
	for least, verdict := range map[string]delivery.Verdict{"": delivery.VerdictDelivered, "1.2": delivery.VerdictDelivered, "1.3": delivery.VerdictFailed} {
		c := open(t, "office365", s.URL+workflowPath, func(s *Spec) { s.HTTP = outbound.Settings{CA: a.PEM, MinTLS: least} })
		words := ""
		if verdict == delivery.VerdictFailed {
			words = "protocol version"
		}
		want(t, c.Send(t.Context(), someDelivery(t, 10)), verdict, words)
	}
}

// tunnel is a proxy that connects and counts.
func tunnel(t *testing.T) (url string, n *int) {
	t.Helper()
	n = new(int)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*n++
		far, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		near, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(far, buffered)
			far.Close()
		}()
		_, _ = io.Copy(near, far)
		near.Close()
	}))
	t.Cleanup(s.Close)
	return s.URL, n
}

func TestAClientCertificateGoesThroughAProxy(t *testing.T) {
	a := trusttest.New(t)
	name := "client"
	s := a.Server(t, confirm(t, &name))
	cert, key := filepath.Join(t.TempDir(), "client.pem"), filepath.Join(t.TempDir(), "client.key")
	a.Issue(t, name, cert, key)
	proxy, n := tunnel(t)
	c := open(t, "office365", s.URL+workflowPath, func(s *Spec) {
		s.HTTP = outbound.Settings{Proxy: secret.New(proxy), CA: a.PEM, ClientCert: cert, ClientKey: key, MinTLS: "1.3"}
	})
	want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictDelivered, "")
	if *n != 1 {
		t.Errorf("%d connections through the proxy", *n)
	}
}
