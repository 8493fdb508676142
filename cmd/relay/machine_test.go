package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// TestHostileTooFewDescriptors gives a real relay 64 file descriptors and more slow
// channels than that: that is no fault of the cards, so none becomes a dead letter,
// however short the channels' patience is, and all arrive once there is room.
func TestHostileTooFewDescriptors(t *testing.T) {
	const channels = 80
	release := make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
		_, _ = io.WriteString(w, "1")
	}))
	t.Cleanup(chat.Close)
	t.Cleanup(let)

	var config, names strings.Builder
	config.WriteString("relay {\n  listen = \"127.0.0.1:0\"\n  log = \"debug\"\n}\ndashboard { listen = \"127.0.0.1:0\" }\n")
	for n := range channels {
		fmt.Fprintf(&config, "channel \"c%d\" {\n  type = \"office365\"\n  url = \"%s/%d\"\n  retry {\n    first = \"300ms\"\n    longest = \"300ms\"\n    give_up_after = \"1s\"\n  }\n}\n", n, chat.URL, n)
		fmt.Fprintf(&names, "channel.c%d, ", n)
	}
	fmt.Fprintf(&config, "connector \"webhook\" \"all\" {\n  route { to = [%s] }\n}\n", names.String())
	p := startRelayAs(t, writeConfig(t, config.String()), "sh", "-c", `ulimit -n 64; exec "$0" "$@"`, "relay")
	if !postCard(http.DefaultClient, p.hook("all"), "Hello") {
		t.Fatal("the card was not accepted")
	}
	p.eventually("lanes are hindered", func() bool {
		return strings.Count(p.log.String(), `"verdict":"hindered"`) > 5*channels
	})
	if !strings.Contains(p.log.String(), "too many open files") {
		t.Error("the log does not say what is wrong")
	}
	let()
	p.eventually("all cards have arrived", func() bool {
		list, err := p.client.Deliveries(t.Context(), store.Filter{Limit: 2 * channels})
		if err != nil {
			return false // it may have no descriptor for us
		}
		done := 0
		for _, d := range list {
			if d.State == delivery.Dead {
				t.Fatalf("a card for %s is a dead letter: %s", d.Channel, d.Reason)
			}
			if d.State == delivery.Delivered {
				done++
			}
		}
		return done == channels
	})
}

// TestHostileIdleConnectionsLeaveDescriptors opens far more connections to the hooks
// than the relay has descriptors, and sends nothing: the dashboard answers, and cards go
// out.
func TestHostileIdleConnectionsLeaveDescriptors(t *testing.T) {
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "1")
	}))
	t.Cleanup(chat.Close)
	p := startRelayAs(t, writeConfig(t, fmt.Sprintf("relay {\n  listen = \"127.0.0.1:0\"\n}\ndashboard { listen = \"127.0.0.1:0\" }\nchannel \"dev\" {\n  type = \"office365\"\n  url = %q\n}\n", chat.URL)),
		"sh", "-c", `ulimit -n 128; exec "$0" "$@"`, "relay")
	status, err := p.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		c, err := net.Dial("tcp", status.Listen)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	response, err := http.Get("http://" + status.Dashboard + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("readyz answers %s", response.Status)
	}
	if _, err := p.client.Send(t.Context(), "dev", card.Card{Text: "Hello"}); err != nil {
		t.Fatal(err)
	}
	p.eventually("the card has arrived", func() bool {
		list, err := p.client.Deliveries(t.Context(), store.Filter{Limit: 1})
		return err == nil && len(list) == 1 && list[0].State == delivery.Delivered
	})
	if strings.Contains(p.log.String(), "too many open files") {
		t.Error("the relay ran out of descriptors")
	}
}
