package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/operator/api"
	"github.com/connector-relay/relay/relay/store"
)

// TestTheReadmesTour does what a new user does: it runs the README's tour, word
// for word, in a copy of the project. The Go blog is not to be had in a test, so
// a proxy, which relay.hcl lets the environment name, answers for it.
func TestTheReadmesTour(t *testing.T) {
	project := copyProject(t)
	readme, err := os.ReadFile(filepath.Join(project, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)<!-- (tour[^>]*) -->\n```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 4 || blocks[0][1] != "tour: run" {
		t.Fatalf("the README's tour has changed its form: %d blocks", len(blocks))
	}
	proxy, ca := newProxy(t, http.HandlerFunc(goBlog), "go.dev")
	env := append(os.Environ(), "HTTPS_PROXY="+proxy, "SSL_CERT_FILE="+ca, "GOFLAGS=-buildvcs=false")

	log := &logBuffer{}
	run := shell(t.Context(), project, env, blocks[0][2])
	run.Stdout, run.Stderr = log, log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-run.Process.Pid, syscall.SIGTERM)
		_ = run.Wait()
	})
	client := api.Dial(filepath.Join(project, "relay.sock"))
	eventually(t, "the relay answers", func() bool {
		_, err := client.Status(t.Context())
		return err == nil
	}, log.String)
	eventually(t, "the feed's newest items have arrived", func() bool {
		list, err := client.Deliveries(t.Context(), store.Filter{Connector: "go-blog"})
		return err == nil && len(list) == 3
	}, log.String)

	var output strings.Builder
	script := "set -eu\n"
	for _, b := range blocks[1:] {
		script += b[2]
	}
	tour := shell(t.Context(), project, env, script)
	tour.Stdout, tour.Stderr = &output, &output
	if err := tour.Run(); err != nil {
		t.Fatalf("the tour failed: %v\n%s\n%s", err, &output, tail(log.String()))
	}
	for _, want := range []string{
		"http://127.0.0.1:8080/hooks/", // connectors
		"lobby  inbox", "11",           // two posts, answered 1 each
		"Release 1.0", "event 1: ", "delivered by lobby", "All is well.", "relay.hcl is valid", "a reload would change nothing", "nothing has changed", "From a program", "token laptop has ended",
	} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("the tour does not show %q:\n%s", want, &output)
		}
	}
}

// shell runs a script in a process group of its own.
func shell(ctx context.Context, dir string, env []string, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// copyProject copies the project as a clone would, without what is not in it.
func copyProject(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	from, err := os.OpenRoot("../..")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for _, name := range []string{"cmd", "config", "relay", "plugins", "go.mod", "go.sum", "relay.hcl", "README.md"} {
		info, err := from.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			err = os.CopyFS(filepath.Join(to, name), os.DirFS(filepath.Join("../..", name)))
		} else {
			err = copyFile(filepath.Join("../..", name), filepath.Join(to, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}

// goBlog answers with a feed as the Go blog's is.
func goBlog(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/blog/feed.atom" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/atom+xml")
	fmt.Fprint(w, `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>The Go Blog</title><id>tag:blog.golang.org,2013:blog.golang.org</id><link rel="self" href="https://go.dev/blog/feed.atom"/><updated>2026-11-20T00:00:00+00:00</updated>`)
	for n := 9; n > 0; n-- {
		fmt.Fprintf(w, `<entry><title>Post %d</title><id>tag:blog.golang.org,2013:blog.golang.org/%d</id><link rel="alternate" href="https://go.dev/blog/%d"/><published>2026-11-%02dT00:00:00+00:00</published><updated>2026-11-%02dT00:00:00+00:00</updated><author><name>A. Gopher</name></author><summary type="html">What is new.</summary></entry>`, n, n, n, n, n)
	}
	fmt.Fprint(w, `</feed>`)
}

// newProxy is an HTTP proxy that itself answers for some hosts, with a certificate
// that the returned file vouches for.
func newProxy(t *testing.T, answer http.Handler, hosts ...string) (url, caFile string) {
	t.Helper()
	certificate, caFile := certify(t, hosts)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	inner := &singleListener{conns: make(chan net.Conn), done: make(chan struct{})}
	site := &http.Server{Handler: answer, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}}
	t.Cleanup(func() { site.Close() })
	go func() { _ = site.ServeTLS(inner, "", "") }()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				req, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil || req.Method != http.MethodConnect || !slices.Contains(hosts, req.URL.Hostname()) {
					conn.Close()
					return
				}
				fmt.Fprint(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
				inner.conns <- conn
			}()
		}
	}()
	return "http://" + l.Addr().String(), caFile
}

// singleListener hands connections that were accepted elsewhere to a server.
type singleListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (s *singleListener) Accept() (net.Conn, error) {
	select {
	case conn := <-s.conns:
		return conn, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *singleListener) Close() error {
	s.once.Do(func() { close(s.done) })
	return nil
}

func (s *singleListener) Addr() net.Addr { return &net.TCPAddr{} }

// certify makes an authority and a certificate of it for some hosts.
func certify(t *testing.T, hosts []string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
