package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

// tunnel is a proxy that connects wherever it is asked to, and remembers where.
type tunnel struct {
	server *httptest.Server
	mu     sync.Mutex
	asked  map[string]bool
}

func newTunnel(t testing.TB) *tunnel {
	p := &tunnel{asked: make(map[string]bool)}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	return p
}

// ServeHTTP takes a CONNECT.
func (p *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked["https://"+r.Host] = true
	p.mu.Unlock()
	far, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	fmt.Fprint(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(far, buffered)
		far.Close()
	}()
	_, _ = io.Copy(near, far)
}

func (p *tunnel) hosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.asked))
}

// club is an HTTPS server that lets nobody in without a certificate, and remembers
// whose it has seen. It is a chat for those who post and a feed for others.
type club struct {
	url string
	// feed is what it answers to a GET.
	feed *feed

	mu   sync.Mutex
	seen []string
}

func newClub(t testing.TB, a *trusttest.Authority, settings ...func(*tls.Config)) *club {
	c := &club{feed: newFeed(t, "blog")}
	c.feed.publish()
	c.url = a.Server(t, func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.seen = append(c.seen, r.TLS.PeerCertificates[0].Subject.CommonName)
		c.mu.Unlock()
		if r.Method == http.MethodGet {
			c.feed.ServeHTTP(w, r)
		}
	}, settings...).URL
	return c
}

func (c *club) guests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Compact(slices.Clone(c.seen))
}

const clubConfig = `
relay {
  listen = "127.0.0.1:0"
  http {
    proxy       = "PROXY-relay"
    ca_file     = "CA"
    client_cert = "relay.pem"
    client_key  = "relay.key"
    min_tls     = "1.3"
    allow       = ["127.0.0.0/8"]
  }
}
dashboard { listen = "127.0.0.1:0" }
channel "wide" {
  type = "webhook"
  url  = "URL-chat"
}
channel "narrow" {
  type = "webhook"
  url  = "URL-old-chat"
  http {
    proxy       = "PROXY-channel"
    client_cert = "channel.pem"
    client_key  = "channel.key"
    min_tls     = "1.2"
  }
}
connector "rss" "wide" {
  url     = "URL-feed"
  initial = 1
  route { to = [channel.wide, channel.narrow] }
}
connector "rss" "narrow" {
  url     = "URL-old-feed"
  initial = 1
  http {
    proxy       = "PROXY-connector"
    client_cert = "connector.pem"
    client_key  = "connector.key"
    min_tls     = "1.2"
  }
  route { to = [channel.wide] }
}
`

// TestHTTPSettingsHoldAtTheirLevel has feeds and chats that ask for certificates,
// two of them so old that they do not know TLS 1.3. Each is reached through the
// proxy, with the certificate and by the version of its own http block, or else of
// the relay's.
func TestHTTPSettingsHoldAtTheirLevel(t *testing.T) {
	a := trusttest.New(t)
	old := func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }
	clubs := map[string]*club{"chat": newClub(t, a), "old-chat": newClub(t, a, old), "feed": newClub(t, a), "old-feed": newClub(t, a, old)}
	proxies := map[string]*tunnel{"relay": newTunnel(t), "channel": newTunnel(t), "connector": newTunnel(t)}
	text := strings.Replace(clubConfig, `"CA"`, fmt.Sprintf("%q", a.File), 1)
	for name, c := range clubs {
		text = strings.Replace(text, `"URL-`+name+`"`, fmt.Sprintf("%q", c.url), 1)
	}
	for name, p := range proxies {
		text = strings.Replace(text, "PROXY-"+name, p.server.URL, 1)
	}
	path := writeConfig(t, text)
	for name := range proxies {
		beside := filepath.Join(filepath.Dir(path), name)
		a.Issue(t, name, beside+".pem", beside+".key")
	}
	p := startRelay(t, path)
	for name, want := range map[string]string{"chat": "relay", "feed": "relay", "old-chat": "channel", "old-feed": "connector"} {
		p.eventually("the "+name+" is reached", func() bool { return len(clubs[name].guests()) > 0 })
		if got := clubs[name].guests(); !slices.Equal(got, []string{want}) {
			t.Errorf("the %s has seen the certificates %v, want the %s's", name, got, want)
		}
	}
	for name, want := range map[string][]string{
		"relay": {clubs["chat"].url, clubs["feed"].url}, "channel": {clubs["old-chat"].url}, "connector": {clubs["old-feed"].url},
	} {
		slices.Sort(want)
		if got := proxies[name].hosts(); !slices.Equal(got, want) {
			t.Errorf("the %s's proxy was asked for %v, want %v", name, got, want)
		}
	}
}
