package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// crowdConfig has a connector whose cards arrive, and one whose cards are all dead
// letters.
const crowdConfig = `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }

channel "lobby" {
  type = "inbox"
}

connector "webhook" "ci" {
  route { to = [channel.lobby] }
}

connector "webhook" "dead" {
  route {
    when = event.data.nothing.like.it == 1
    to   = [channel.lobby]
  }
}
`

// large is a post of nearly the size that a hook takes.
func large(i int) string {
	return fmt.Sprintf(`{"title":"card %d","text":%q}`, i, strings.Repeat("word ", 180_000))
}

// crowd posts so many large cards at a time, and returns the answers by status. Each
// that is asked to come again is told when.
func (p *process) crowd(connector string, posts, atATime int) map[int]int {
	p.t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	answers, next, url := make(map[int]int), 0, p.hook(connector)
	for range atATime {
		all.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= posts {
					return
				}
				resp, err := http.Post(url, "application/json", strings.NewReader(large(i)))
				if err != nil {
					p.t.Errorf("the relay does not answer: %v\n%s", err, tail(p.log.String()))
					return
				}
				resp.Body.Close()
				if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
					p.t.Error("a sender is not told when to come again")
				}
				mu.Lock()
				answers[resp.StatusCode]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return answers
}

// TestHostileCrowdIsTakenInTurn: fifty large posts at once, under a limit of memory, are
// taken or asked to come again, and what was taken is there.
func TestHostileCrowdIsTakenInTurn(t *testing.T) {
	p := startConfined(t, writeConfig(t, crowdConfig))
	answers := p.crowd("ci", 50, 50)
	taken := answers[http.StatusOK]
	if taken == 0 || taken+answers[http.StatusServiceUnavailable] != 50 {
		t.Fatalf("the answers were %v\n%s", answers, tail(p.log.String()))
	}
	p.eventually("all have arrived", func() bool { return p.listed("deliveries", "--state", "delivered") == taken })
	t.Logf("%v; the relay took up to %d MB", answers, p.memory("VmHWM"))
	p.stop()
}

// TestHostileDeadLettersAreListedWithoutTheirCards: large dead letters cost the relay
// nothing when somebody looks at them.
func TestHostileDeadLettersAreListedWithoutTheirCards(t *testing.T) {
	const posts = 60
	p := startConfined(t, writeConfig(t, crowdConfig))
	if answers := p.crowd("dead", posts, 2); answers[http.StatusOK] != posts {
		t.Fatalf("the answers were %v\n%s", answers, tail(p.log.String()))
	}
	before := p.forgetPeak()
	if out, errOut, err := p.run("status"); err != nil || !strings.Contains(out, fmt.Sprintf("%d dead letters", posts)) {
		t.Errorf("status: %v\n%s%s", err, out, errOut)
	}
	for _, args := range [][]string{{"deliveries"}, {"deliveries", "--state", "dead"}, {"dead-letters", "list"}} {
		if n := p.listed(args...); n != posts {
			t.Errorf("%v lists %d", args, n)
		}
	}
	if more := p.memory("VmHWM") - before; more > posts/4 {
		t.Errorf("to list %d cards of nearly a megabyte the relay took %d MB more", posts, more)
	}
	p.stop()
}

// listed counts what a command lists.
func (p *process) listed(args ...string) int {
	p.t.Helper()
	out, errOut, err := p.run(append(args, "--limit", "1000", "--json")...)
	if err != nil {
		p.t.Fatalf("relay %v: %v\n%s\n%s", args, err, errOut, tail(p.log.String()))
	}
	return strings.Count(out, `"delivery":`)
}

// memory is a figure of the relay's own process, in MB.
func (p *process) memory(name string) int {
	p.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if figure, found := strings.CutPrefix(line, name+":"); found {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(figure), " kB"))
			if err != nil {
				p.t.Fatal(err)
			}
			return kb >> 10
		}
	}
	p.t.Fatalf("the kernel does not tell %s", name)
	return 0
}

// forgetPeak makes the kernel measure the most memory that the relay takes from now on,
// and returns what it takes now.
func (p *process) forgetPeak() int {
	p.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		p.t.Fatal(err)
	}
	return p.memory("VmRSS")
}
