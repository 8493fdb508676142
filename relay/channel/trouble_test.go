package channel

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/secret"
)

// reset ends a connection so that the other side sees it reset.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	c.Close()
}

// What can go wrong on the way, with real connections. Failed is where the card
// cannot have arrived, unknown where it may have.
func TestTroubleOnTheWayIsFailedOrUnknown(t *testing.T) {
	answers := func(text string) func(int, *net.TCPConn) {
		return func(_ int, c *net.TCPConn) {
			request(bufio.NewReader(c))
			_, _ = io.WriteString(c, text)
		}
	}
	hang := func(_ int, c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) }
	for _, tt := range []struct {
		name   string
		scheme string
		serve  func(int, *net.TCPConn)
		typ    string
		want   delivery.Verdict
		words  string
	}{
		{"nobody listens", "http", nil, "webhook", delivery.VerdictFailed, "cannot connect to 127.0.0.1:"},
		{"reset during the TLS handshake", "https", func(_ int, c *net.TCPConn) { _, _ = c.Read(make([]byte, 1)); reset(c) }, "webhook", delivery.VerdictFailed, "reset"},
		{"closed during the TLS handshake", "https", func(_ int, c *net.TCPConn) { _, _ = io.CopyN(io.Discard, c, 100); _ = c.CloseWrite(); hang(0, c) }, "webhook", delivery.VerdictFailed, "closed the connection"},
		{"no TLS at all", "https", answers("HTTP/1.1 400 Bad Request\r\n\r\n"), "webhook", delivery.VerdictFailed, ""},
		{"the TLS handshake hangs", "https", hang, "webhook", delivery.VerdictFailed, "could not be reached within 300ms"},
		{"reset after the request", "http", func(_ int, c *net.TCPConn) { request(bufio.NewReader(c)); reset(c) }, "webhook", delivery.VerdictUnknown, "reset"},
		{"closed after the request", "http", func(_ int, c *net.TCPConn) { request(bufio.NewReader(c)) }, "webhook", delivery.VerdictUnknown, "closed the connection without an answer"},
		{"no answer", "http", hang, "webhook", delivery.VerdictUnknown, "no answer within 300ms"},
		{"garbage for an answer", "http", answers("\x00\x01 " + canary + " garbage\r\n\r\n"), "webhook", delivery.VerdictUnknown, "malformed HTTP"},
		{"half an answer's headers", "http", answers("HTTP/1.1 200 OK\r\nContent-Le"), "webhook", delivery.VerdictUnknown, ""},
		{"a connector's answer breaks off", "http", answers("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nWebhook"), "office365", delivery.VerdictUnknown, "the answer broke off"},
		{"a flow's answer breaks off", "http", answers("HTTP/1.1 202 Accepted\r\nContent-Length: 50\r\n\r\nhalf"), "teams", delivery.VerdictUnknown, "the answer broke off"},
		{"an error breaks off", "http", answers("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 50\r\n\r\nhalf"), "teams", delivery.VerdictFailed, "503 Service Unavailable: half"},
		{"an answer that never ends", "http", func(_ int, c *net.TCPConn) {
			request(bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 500 Oops\r\n\r\n")
			for {
				if _, err := io.WriteString(c, strings.Repeat("blah ", 1000)); err != nil {
					return
				}
			}
		}, "webhook", delivery.VerdictFailed, "blah"},
		{"an answer by drops", "http", func(_ int, c *net.TCPConn) {
			request(bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nW")
			hang(0, c)
		}, "office365", delivery.VerdictUnknown, "the answer broke off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address := closedPort(t)
			if tt.serve != nil {
				address = raw(t, tt.serve)
			}
			c := open(t, tt.typ, tt.scheme+"://"+canary+":"+canary+"@"+address+workflowPath, within(300*time.Millisecond))
			want(t, c.Send(t.Context(), someDelivery(t, 2000)), tt.want, tt.words)
		})
	}
}

// A kept connection that the endpoint has closed meanwhile is no trouble at all.
func TestAStaleConnectionIsReplaced(t *testing.T) {
	address := raw(t, func(_ int, c *net.TCPConn) {
		request(bufio.NewReader(c))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
	})
	c := open(t, "office365", "http://"+address)
	for range 20 {
		want(t, c.Send(t.Context(), someDelivery(t, 2000)), delivery.VerdictDelivered, "")
		time.Sleep(2 * time.Millisecond) // until the close has arrived
	}
}

// When the endpoint closes a kept connection while the next request is on it, the
// request is either sent again by itself or judged; it is never taken for
// delivered.
func TestAConnectionThatEndsUnderARequestIsJudged(t *testing.T) {
	address := raw(t, func(_ int, c *net.TCPConn) {
		r := bufio.NewReader(c)
		request(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
		request(r)
	})
	c := open(t, "office365", "http://"+address)
	want(t, c.Send(t.Context(), someDelivery(t, 2000)), delivery.VerdictDelivered, "")
	want(t, c.Send(t.Context(), someDelivery(t, 2000)), delivery.VerdictUnknown, "closed the connection")
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	conns := make(map[string]bool)
	s := web(t, func(w http.ResponseWriter, r *http.Request) {
		conns[r.RemoteAddr] = true
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
	})
	c := open(t, "webhook", s.URL)
	for range 10 {
		want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictFailed, "500")
	}
	if len(conns) != 1 {
		t.Errorf("10 posts used %d connections", len(conns))
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := web(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := web(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+workflowPath, status)
		})
		want(t, open(t, "teams", s.URL+workflowPath).Send(t.Context(), someDelivery(t, 10)), delivery.VerdictRefused, "redirects to 127.0.0.1")
	}
}

func TestAnUntrustedCertificateFails(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	want(t, open(t, "teams", s.URL+workflowPath).Send(t.Context(), someDelivery(t, 10)), delivery.VerdictFailed, "the certificate is not trusted")
}

func TestAProxyThatDoesNotLetThrough(t *testing.T) {
	proxied := func(address string) func(*Spec) {
		return func(s *Spec) { s.HTTP.Proxy = secret.New("http://user:" + canary + "@" + address) }
	}
	for status, verdict := range map[int]delivery.Verdict{
		407: delivery.VerdictRefused, 403: delivery.VerdictRefused, 502: delivery.VerdictFailed, 503: delivery.VerdictFailed,
	} {
		s := web(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, canary, status) })
		o := open(t, "teams", "https://chat.example.com"+workflowPath, proxied(s.Listener.Addr().String())).Send(t.Context(), someDelivery(t, 10))
		want(t, o, verdict, "the proxy answered")
	}
	o := open(t, "teams", "https://chat.example.com"+workflowPath, proxied(closedPort(t))).Send(t.Context(), someDelivery(t, 10))
	want(t, o, delivery.VerdictFailed, "cannot reach the proxy")
	bad := func(s *Spec) { s.HTTP.Proxy = secret.New("http://" + canary + ":%zz") }
	want(t, open(t, "teams", "https://chat.example.com", bad).Send(t.Context(), someDelivery(t, 10)), delivery.VerdictFailed, "http.proxy is not a URL")
}

// Endpoints like to repeat what they were asked; their words are kept, the URL in
// them is not.
func TestAnAnswerThatRepeatsTheURLIsRedacted(t *testing.T) {
	for _, path := range []string{workflowPath, "/" + canary + "?x=" + canary, "/hook/" + canary + "%2F1"} {
		for _, status := range []int{200, 400, 404, 500} {
			s := web(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "Cannot POST "+r.RequestURI+" "+r.URL.Path+" "+r.URL.RawQuery+" "+r.URL.Query().Get("sig")+
					" http://"+r.Host+r.RequestURI+"\n"+r.Header.Get("Authorization"))
			})
			u, err := url.Parse(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			o := open(t, "office365", "http://me:"+canary+"@"+u.Host+path).Send(t.Context(), someDelivery(t, 10))
			keepsQuiet(t, o)
			if !strings.Contains(o.Detail, "Cannot POST") {
				t.Errorf("the endpoint's words are lost: %q", o.Detail)
			}
		}
	}
}

func TestErrorsAreExplainedWithoutTheURL(t *testing.T) {
	secretURL := "https://chat.example.com" + workflowPath
	wrapped := func(err error) error { return &url.Error{Op: "Post", URL: secretURL, Err: err} }
	for words, err := range map[string]error{
		"cannot find chat.example.com: no such host": wrapped(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "chat.example.com", IsNotFound: true}}),
		"the endpoint closed the connection":         wrapped(io.EOF),
		"context canceled":                           wrapped(context.Canceled),
		"something else":                             wrapped(errors.New("something else")),
	} {
		if got := explain(err, nil, time.Second); !strings.Contains(got, words) || strings.Contains(got, canary) {
			t.Errorf("%v\nis explained as %q, want %q in it", err, got, words)
		}
	}
}
