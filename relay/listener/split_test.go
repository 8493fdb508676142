package listener

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

// TestAListenerSpeaksTLSAndPlainHTTP has visitors of all sorts on one address: those that
// say nothing keep nobody else waiting.
func TestAListenerSpeaksTLSAndPlainHTTP(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	trusttest.New(t).Issue(t, "relay.test", cert, key)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text, r.TLS != nil) })
	}
	l := New(zerolog.Nop())
	open := func(address string, secure *tls.Config) {
		t.Helper()
		commit, _, err := l.Prepare([]Opening{{Purpose: "dashboard", Address: address, Handler: says("page "), TLS: secure, Plain: says("plain ")}})
		if err != nil {
			t.Fatal(err)
		}
		commit()
	}
	ask := func(address string) string {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(address)
		if err != nil {
			return "nothing"
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	open("127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	address := l.Address("dashboard")
	for range 20 {
		silent, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
	}
	if got := ask("https://" + address); got != "page true" {
		t.Errorf("over TLS: %s", got)
	}
	if got := ask("http://" + address); got != "plain false" {
		t.Errorf("without TLS: %s", got)
	}
	open("127.0.0.1:0", nil) // the same address, and no longer over TLS
	if got := ask("http://" + l.Address("dashboard")); got != "page false" {
		t.Errorf("when it no longer speaks TLS: %s", got)
	}
	if err := l.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := ask("https://" + address); got != "nothing" {
		t.Errorf("after the end: %s", got)
	}
}
