package channel

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/secret"
)

func TestACardIsPosted(t *testing.T) {
	for _, tt := range []struct {
		typ, payload, kind, answer string
		status                     int
		want                       delivery.Verdict
	}{
		{typ: "office365", kind: "MessageCard", status: 200, answer: "1", want: delivery.VerdictDelivered},
		{typ: "teams", kind: "message", status: 202, want: delivery.VerdictAccepted},
		{typ: "teams", payload: "card", kind: "AdaptiveCard", status: 202, want: delivery.VerdictAccepted},
		{typ: "teams", payload: "connector-card", kind: "MessageCard", status: 202, want: delivery.VerdictAccepted},
		{typ: "webhook", kind: "MessageCard", status: 204, want: delivery.VerdictDelivered},
	} {
		t.Run(tt.typ+" "+tt.payload, func(t *testing.T) {
			s := web(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				var kind struct {
					Type string `json:"type"`
					Card string `json:"@type"`
				}
				if err := json.Unmarshal(body, &kind); err != nil || kind.Type+kind.Card != tt.kind {
					t.Errorf("the body is of type %q: %v", kind.Type+kind.Card, err)
				}
				for name, want := range map[string]string{
					"Content-Type": "application/json; charset=utf-8", "User-Agent": "relay/1.2.3",
					"Content-Length": fmt.Sprint(len(body)), "Accept-Encoding": "",
				} {
					if got := r.Header.Get(name); got != want {
						t.Errorf("%s is %q, want %q", name, got, want)
					}
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.answer)
			})
			c := open(t, tt.typ, s.URL+workflowPath, with("payload", tt.payload))
			o := c.Send(t.Context(), someDelivery(t, 100))
			want(t, o, tt.want, "")
			if o.Bytes == 0 || o.Status != tt.status || o.Detail != "" {
				t.Errorf("got %+v", o)
			}
		})
	}
}

func TestAnInboxNeedsNoNetwork(t *testing.T) {
	c := open(t, "inbox", "")
	want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictDelivered, "")
}

// The path and query on the wire are the bytes of the configuration.
func TestAURLIsSentAsItIs(t *testing.T) {
	for _, path := range []string{
		workflowPath,
		"/webhookb2/0f8fad5b-d9cb@7728950e/IncomingWebhook/6V3RlN/1-2",
		"/a%2fb%2Fc//d/../e;v=1",
		"/a|b^c/{d}",
		"/%7Etilde/~tilde",
		"//twice/the/slash",
		"/empty?",
		"/plus+space%20?q=a+b%20c&&=&x",
		"/ünïcode?q=ü",
		"?only=query",
		"",
	} {
		wire := path
		if !strings.HasPrefix(path, "/") {
			wire = "/" + path
		}
		lines := make(chan string, 10)
		address := raw(t, func(_ int, c *net.TCPConn) {
			r := bufio.NewReader(c)
			for line := request(r); line != ""; line = request(r) {
				lines <- line
				_, _ = io.WriteString(c, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
			}
		})
		t.Run("directly "+path, func(t *testing.T) {
			want(t, open(t, "teams", "http://"+address+path+"#fragment").Send(t.Context(), someDelivery(t, 10)), delivery.VerdictAccepted, "")
			if got := <-lines; got != "POST "+wire+" HTTP/1.1" {
				t.Errorf("on the wire: %s\nwant:        POST %s HTTP/1.1", got, wire)
			}
		})
		t.Run("by proxy "+path, func(t *testing.T) {
			c := open(t, "teams", "http://chat.example.com"+path, func(s *Spec) { s.HTTP.Proxy = secret.New("http://" + address) })
			want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictAccepted, "")
			if got := <-lines; got != "POST http://chat.example.com"+wire+" HTTP/1.1" {
				t.Errorf("on the wire: %s\nwant:        POST http://chat.example.com%s HTTP/1.1", got, wire)
			}
		})
	}
}

func TestACardTooLargeIsSentSmallerOnce(t *testing.T) {
	for _, tt := range []struct {
		name     string
		refusals int
		answer   func(w http.ResponseWriter)
		want     delivery.Verdict
	}{
		{"413", 1, func(w http.ResponseWriter) { w.WriteHeader(413) }, delivery.VerdictDelivered},
		{"413 inside a 200", 1, func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413 with ContextId x")
		}, delivery.VerdictDelivered},
		{"a 400 that says so", 1, func(w http.ResponseWriter) { http.Error(w, "Message too large", 400) }, delivery.VerdictDelivered},
		{"413 twice", 2, func(w http.ResponseWriter) { w.WriteHeader(413) }, delivery.VerdictRejected},
	} {
		for _, size := range []int{30_000, 8_000} {
			t.Run(fmt.Sprint(tt.name, " ", size), func(t *testing.T) {
				var sizes []int
				s := web(t, func(w http.ResponseWriter, r *http.Request) {
					n, err := io.Copy(io.Discard, r.Body)
					if err != nil {
						t.Error(err)
					}
					sizes = append(sizes, int(n))
					if len(sizes) <= tt.refusals {
						tt.answer(w)
						return
					}
					_, _ = io.WriteString(w, "1")
				})
				o := open(t, "office365", s.URL).Send(t.Context(), someDelivery(t, size))
				want(t, o, tt.want, "")
				if len(sizes) != 2 || sizes[1]*10 > sizes[0]*6 || o.Bytes != sizes[1] || len(o.Omitted) == 0 {
					t.Errorf("posted %v bytes; outcome %+v", sizes, o)
				}
			})
		}
	}
	t.Run("where a part is the fullest", func(t *testing.T) {
		var sizes []int64
		s := web(t, func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				t.Error(err)
			}
			if sizes = append(sizes, n); n > 5_000 {
				w.WriteHeader(413)
				return
			}
			_, _ = io.WriteString(w, "ok")
		})
		want(t, open(t, "mattermost", s.URL).Send(t.Context(), someDelivery(t, 7_000)), delivery.VerdictDelivered, "")
		if len(sizes) != 2 {
			t.Errorf("posted %v bytes", sizes)
		}
	})
	t.Run("a card that cannot be smaller is not sent again", func(t *testing.T) {
		var n atomic.Int32
		s := web(t, func(w http.ResponseWriter, _ *http.Request) { n.Add(1); w.WriteHeader(413) })
		want(t, open(t, "office365", s.URL).Send(t.Context(), someDelivery(t, 0)), delivery.VerdictRejected, "413")
		if n.Load() != 1 {
			t.Errorf("sent %d times", n.Load())
		}
	})
}

func TestAStoredCardThatCannotBeReadIsRejected(t *testing.T) {
	d := someDelivery(t, 10)
	d.Card = []byte(`{"title":`)
	want(t, open(t, "webhook", "http://"+closedPort(t)).Send(t.Context(), d), delivery.VerdictRejected, "the stored card cannot be read")
}

func TestARotatedURLCountsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	var got []string
	s := web(t, func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.URL.Path) })
	c := open(t, "webhook", "x", func(spec *Spec) { spec.Settings["url"] = secret.FromFile(path) })
	want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictRefused, "no such file")
	for _, name := range []string{"/one", "/two"} {
		if err := os.WriteFile(path, []byte(s.URL+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictDelivered, "")
	}
	if len(got) != 2 || got[0] != "/one" || got[1] != "/two" {
		t.Errorf("posted to %v", got)
	}
	if err := os.WriteFile(path, []byte("ftp://"+canary), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictRefused, "no URL that begins with https://")
}

func TestAWebhookIsNamedAndSigned(t *testing.T) {
	const base64Key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	for _, key := range []string{"", base64Key, "plain words as a key"} {
		t.Run(key, func(t *testing.T) {
			ids := make(map[string]bool)
			s := web(t, func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				ids[r.Header.Get("Webhook-Id")] = true
				if key == "" {
					if r.Header.Get("Webhook-Signature") != "" {
						t.Error("signed without a secret")
					}
					return
				}
				w, err := standardwebhooks.NewWebhookRaw([]byte(key))
				if key == base64Key {
					w, err = standardwebhooks.NewWebhook(key)
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Verify(body, r.Header); err != nil {
					t.Error(err)
				}
			})
			c := open(t, "webhook", s.URL, with("secret", key))
			d := someDelivery(t, 10)
			for range 3 {
				want(t, c.Send(t.Context(), d), delivery.VerdictDelivered, "")
				d.ID, d.Attempts, d.Event = d.ID+1, 4, 99 // as after a replay or in a store made anew
			}
			if len(ids) != 1 {
				t.Errorf("one delivery has the names %v", ids)
			}
			for _, other := range []func(*delivery.Delivery){
				func(d *delivery.Delivery) { d.Key = "build-8" }, func(d *delivery.Delivery) { d.Channel = "ops" },
				func(d *delivery.Delivery) { d.Connector = "ci2" },
			} {
				e := d
				other(&e)
				c.Send(t.Context(), e)
			}
			if len(ids) != 4 {
				t.Errorf("four deliveries have the names %v", ids)
			}
		})
	}
	t.Run("a bad key", func(t *testing.T) {
		c := open(t, "webhook", "http://"+closedPort(t), with("secret", "whsec_"+canary+"!"))
		want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictRefused, "not a signing key")
	})
}

func TestAPrivateCertificateIsTrustedByItsFile(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 {
			t.Errorf("came by %s", r.Proto)
		}
		_, _ = io.WriteString(w, "1")
	}))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = nil
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	c := open(t, "office365", s.URL+workflowPath, func(s *Spec) { s.HTTP.CA = ca })
	want(t, c.Send(t.Context(), someDelivery(t, 10)), delivery.VerdictDelivered, "")
}

func TestChannelsShareConnections(t *testing.T) {
	connections := &outbound.Pool{}
	shared := func(s *Spec) { s.Connections = connections }
	a, b := open(t, "webhook", "http://a.example.com", shared), open(t, "teams", "http://b.example.com", shared)
	if a.post.transport != b.post.transport {
		t.Error("channels with the same settings do not share connections")
	}
	other := open(t, "webhook", "http://a.example.com", shared, func(s *Spec) { s.HTTP.MinTLS = "1.3" })
	if a.post.transport == other.post.transport {
		t.Error("channels share connections in spite of other settings")
	}
}

func TestASpecificationIsChecked(t *testing.T) {
	const url = "https://chat.example.com"
	for words, more := range map[string]func(*Spec){
		`needs url`: with("url", ""),
		`payload "x" is unknown; channel type teams has message`: with("payload", "x"),
		`has no use for secret`:                                  with("secret", "s"),
		`holds no certificate in PEM form`:                       func(s *Spec) { s.HTTP = outbound.Settings{CA: []byte{}} },
	} {
		s := spec("teams", url, nil)
		more(&s)
		if _, err := New(s); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want %q in it", err, words)
		}
	}
}

func TestStoppingBeforeAnythingIsSentInterrupts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, open(t, "webhook", "http://"+closedPort(t)).Send(ctx, someDelivery(t, 10)), delivery.VerdictInterrupted, "nothing was sent")

	// A proxy that does not answer: the connection does not even begin.
	reached := make(chan struct{})
	hangs := raw(t, func(_ int, c *net.TCPConn) { close(reached); _, _ = io.Copy(io.Discard, c) })
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	go func() { <-reached; cancel() }()
	c := open(t, "webhook", "https://chat.example.com", func(s *Spec) { s.HTTP.Proxy = secret.New("http://" + hangs) })
	want(t, c.Send(ctx, someDelivery(t, 10)), delivery.VerdictInterrupted, "nothing was sent")
}

func TestStoppingAfterTheRequestIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := raw(t, func(_ int, c *net.TCPConn) {
		r := bufio.NewReader(c)
		request(r)
		cancel()
		_, _ = io.Copy(io.Discard, r)
	})
	began := time.Now()
	want(t, open(t, "webhook", "http://"+address).Send(ctx, someDelivery(t, 10)), delivery.VerdictUnknown, "")
	if took := time.Since(began); took > defaultTimeout/2 {
		t.Errorf("it took %s to notice", took)
	}
}

// TestACardIsWrittenAsItIsPosted, but for what is secret in the address.
func TestACardIsWrittenAsItIsPosted(t *testing.T) {
	const canary = "canary-4711"
	for _, typ := range []string{"office365", "slack", "ntfy", "webhook"} {
		var posted string
		s := web(t, func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			posted = string(body)
		})
		c, d := open(t, typ, s.URL+"/"+canary), someDelivery(t, 3000)
		p, size, err := c.Write(t.Context(), d)
		if err != nil || posted != "" {
			t.Fatalf("%s: writing came to %v, and posted %q", typ, err, posted)
		}
		c.Send(t.Context(), d)
		if size != len(posted) || strings.Contains(string(p.Body), canary) || string(p.Body) != strings.ReplaceAll(posted, canary, shown) {
			t.Errorf("%s: written are %d bytes: %.200s\nposted are %d: %.200s", typ, size, p.Body, len(posted), posted)
		}
	}
}
