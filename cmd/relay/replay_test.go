package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/operator"
)

// replayConfig is one feed into one channel.
func replayConfig(c *chatServer, blog *feed) string {
	return fmt.Sprintf(`
relay {
  listen = "127.0.0.1:0"
  log    = "warn"
  http { allow = ["127.0.0.0/8"] }
}
dashboard { listen = "127.0.0.1:0" }
channel "news" {
  type = "office365"
  url  = "%s/office365/news"
  rate = "5000/s"
  digest { enabled = false }
}
connector "rss" "blog" {
  url      = %q
  schedule = "@every 1h"
  initial  = 1000
  route { to = [channel.news] }
}
`, c.server.URL, blog.server.URL)
}

// die makes dead letters of so many items, oldest first.
func die(p *process, c *chatServer, blog *feed, n int) {
	p.t.Helper()
	c.trouble("news", func(int) string { return troubleBadCard })
	for range n / 100 {
		for range 100 {
			blog.publish()
		}
		poll(p)
	}
	p.eventually("all are dead letters", func() bool {
		s, err := p.client.Status(p.t.Context())
		return err == nil && s.Dead == n && s.Waiting == 0
	})
}

func poll(p *process) {
	p.t.Helper()
	if _, err := p.client.Poll(p.t.Context(), "blog"); err != nil {
		p.t.Fatal(err)
	}
}

// inOrder fails unless the room has shown the items from the first on, in order.
func inOrder(t *testing.T, c *chatServer, blog *feed, n int) {
	t.Helper()
	shown := distinct(c.cards("news"))
	for i := range min(n, len(shown)) {
		if want := blog.title(i + 1); !strings.Contains(shown[i], want) {
			t.Fatalf("card %d is %q, want %q", i, shown[i], want)
		}
	}
	if len(shown) != n {
		t.Fatalf("%d cards were shown, want %d", len(shown), n)
	}
}

// TestAThousandDeadLettersComeBackInOrder, although the lane is at work as soon as it
// sees the first.
func TestAThousandDeadLettersComeBackInOrder(t *testing.T) {
	c, blog := newChat(t), newFeed(t, "blog")
	p := startRelay(t, writeConfig(t, replayConfig(c, blog)))
	die(p, c, blog, 1000)
	c.trouble("news", func(int) string { return "" })
	out, errOut, err := p.run("dead-letters", "replay", "--all")
	if err != nil || out != "Dead letters replayed: 1000.\n" {
		t.Fatalf("replay says %q, %q, %v", out, errOut, err)
	}
	p.eventually("all have arrived", func() bool { return len(distinct(c.cards("news"))) >= 1000 })
	inOrder(t, c, blog, 1000)
	p.stop()
}

// TestAReplayThatIsKilledKeepsTheOrder: what came back before the kill is the oldest,
// and a second replay brings the rest.
func TestAReplayThatIsKilledKeepsTheOrder(t *testing.T) {
	c, blog := newChat(t), newFeed(t, "blog")
	p := startRelay(t, writeConfig(t, replayConfig(c, blog)))
	for round := range 3 {
		n := (round + 1) * 200
		die(p, c, blog, 200)
		c.trouble("news", func(int) string { return "" })
		replayed := make(chan struct{})
		go func() {
			defer close(replayed)
			_, _ = p.client.Replay(t.Context(), operator.Selection{All: true}) // the kill may come first
		}()
		time.Sleep(time.Duration(round) * 5 * time.Millisecond) // anywhere in it
		p.kill()
		<-replayed
		p.start()
		if _, _, err := p.run("dead-letters", "replay", "--all"); err != nil {
			t.Fatal(err)
		}
		p.eventually("all have arrived", func() bool { return len(distinct(c.cards("news"))) >= n })
		inOrder(t, c, blog, n)
	}
	p.stop()
}
