package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/api"
	"github.com/connector-relay/relay/relay/store"
)

// hostileMemory is how much memory the relay, and each of its plugins, may have in the
// tests of hostile inputs.
const hostileMemory = 512 << 20

// confined is a command of the test binary: it runs another command that gets no more
// memory than hostileMemory, nor does any process that the other starts.
func confined() {
	limit := syscall.Rlimit{Cur: hostileMemory, Max: hostileMemory}
	err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit)
	if err == nil {
		err = syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "confined:", err)
	os.Exit(1)
}

// greedy is a command of the test binary that wants more memory than hostileMemory. It
// takes it in pieces, because the kernel checks the limit before it adds what is asked for
// where Go has reserved addresses, so that a single piece may pass.
func greedy() {
	const piece = 16 << 20
	var all [][]byte
	for range hostileMemory/piece + 2 {
		b := make([]byte, piece)
		for i := range b {
			b[i] = 1
		}
		all = append(all, b)
	}
	os.Exit(len(all) - (hostileMemory/piece + 2))
}

// hostileInput is something that is made to do harm. It comes in by a post to the hook
// of a connector of [hostileConfig], or by a feed.
type hostileInput struct {
	name string
	// hook is the connector, and body what is posted to it.
	hook string
	body func() string
	// feed is what a feed of its own answers.
	feed func() string
}

// The connectors that take posts: cards, or any JSON, of which a route reads event.data.
const (
	hookCards = "ci"
	hookJSON  = "json"
	hookData  = "data"
)

// hostileInputs are the inputs under which the relay has to stay up. Each is of a kind
// of its own; the packages' tests have more of each.
func hostileInputs() []hostileInput {
	text := func(s string) func() string {
		return func() string { return fmt.Sprintf(`{"title":"t","text":%q}`, s) }
	}
	// Tables of which each is small enough by itself.
	table := strings.Repeat("|a", 100) + "|\\n" + strings.Repeat("|-", 100) + "|\\n" + strings.Repeat("|\\n", 98) + "\\n"
	tables := func(n int) func() string {
		return func() string { return `{"text":"` + strings.Repeat(table, n/len(table)) + `"}` }
	}
	// Data that a route goes through.
	data := func(name, x string) hostileInput {
		return hostileInput{name: "data of " + name, hook: hookData, body: func() string { return `{"text":"hi","branch":"main","x":` + x + `}` }}
	}
	list := func(element string, n int) string { return "[" + strings.Repeat(element+",", n) + element + "]" }
	return []hostileInput{
		data("lists in lists", strings.Repeat("[", 9900)+strings.Repeat("]", 9900)),
		data("a tiny number", "1e-400000"),
		data("a huge number", "1e999999999"),
		data("many digits", strings.Repeat("9", 900_000)),
		data("many numbers", list("1", 400_000)),
		data("a few thousand numbers", list("1", 2400)),
		data("many lists", list(list("1", 100), 2000)),
		data("many members", "{"+strings.Repeat(`"a":1,"b":{},`, 60_000)+`"c":1}`),
		data("numbers in text", list(`"1e-400000"`, 2000)),
		data("a long text", fmt.Sprintf("%q", strings.Repeat("a", 900_000))),
		{name: "tables of 85 KB", hook: hookCards, body: tables(85 << 10)},
		{name: "tables of 341 KB", hook: hookCards, body: tables(341 << 10)},
		{name: "tables of 900 KB", hook: hookCards, body: tables(900 << 10)},
		{name: "marks", hook: hookCards, body: text(strings.Repeat("*_[", 300_000))},
		{name: "facts", hook: hookCards, body: func() string {
			return `{"title":"t","sections":[{"facts":[` + strings.Repeat(`{"name":"a","value":"b"},`, 38_000) + `{}]}]}`
		}},
		{name: "sections", hook: hookCards, body: func() string {
			return `{"title":"t","sections":[` + strings.Repeat(`{"text":"*a*"},`, 60_000) + `{}]}`
		}},
		{name: "a text of a megabyte", hook: hookCards, body: text(strings.Repeat("word ", 190_000))},
		{name: "JSON of another kind", hook: hookJSON, body: func() string { return `[{"a": null}]` }},
		{name: "a feed that calls everybody", feed: func() string {
			return `<rss version="2.0"><channel><title>Feed</title><item><title>Item</title><guid>1</guid><description>@&lt;b&gt;all&lt;/b&gt;</description></item></channel></rss>`
		}},
		{name: "a feed whose title is in every card", feed: func() string {
			return "<rss version=\"2.0\"><channel><title>" + strings.Repeat("T", 300_000) + "</title>" + strings.Repeat("<item><title>Item</title></item>", 300) + "</channel></rss>"
		}},
		{name: "a feed of namespaces", feed: feedOfNamespaces},
		{name: "a feed of brackets", feed: func() string {
			return "<rss version=\"2.0\"><channel><title>t</title><item><guid>1</guid><description>" + strings.Repeat("[", 64_000) + "</description></item></channel></rss>"
		}},
		{name: "a feed of a million items", feed: func() string {
			return "<rss version=\"2.0\"><channel><title>t</title>" + strings.Repeat("<item/>", 1_000_000) + "</channel></rss>"
		}},
	}
}

// hostileConfig has a channel of every type, an inbox, connectors that take posts, and
// one for each feed.
func hostileConfig(url string, inputs []hostileInput, feeds string) string {
	var b strings.Builder
	b.WriteString(strings.Replace(chatsConfig(url), "relay { listen = \"127.0.0.1:0\" }", "relay {\n  listen = \"127.0.0.1:0\"\n  http { allow = [\"127.0.0.0/8\"] }\n}", 1))
	b.WriteString("channel \"lobby\" { type = \"inbox\" }\n")
	fmt.Fprintf(&b, "connector \"webhook\" %q {\n  accept = \"json\"\n  route {\n    when = event.data.harmless == true\n    to = [channel.lobby]\n  }\n}\n", hookJSON)
	fmt.Fprintf(&b, hostileRoutes, hookData)
	b.WriteString("connector \"webhook\" \"inbox\" {\n  route { to = [channel.lobby] }\n}\n")
	for i, in := range inputs {
		if in.feed != nil {
			fmt.Fprintf(&b, "connector \"rss\" %q {\n  url = \"%s/%d\"\n  schedule = \"@every 24h\"\n  initial = 10\n  route { to = [channel.lobby] }\n}\n", feedName(i), feeds, i)
		}
	}
	return b.String()
}

// hostileRoutes go through event.data as operators do who expect little of it.
const hostileRoutes = `
connector "webhook" %q {
  accept = "json"
  route {
    when = event.data.branch == "main" && try(event.data.x > 3, true)
    to   = [channel.lobby]
    card {
      title = "${event.data.branch}: ${try(tostring(event.data.x), jsonencode(event.data.x))}"
      dynamic "fact" {
        for_each = try([for a in event.data.x : a], [])
        labels   = [fact.key]
        content {
          value = jsonencode(fact.value)
        }
      }
    }
  }
  route {
    when = length([for a in event.data.x : [for b in event.data.x : "${a}${b}"]]) > 3
    to   = [channel.lobby]
  }
  route {
    when = length(distinct(event.data.x)) > length(jsonencode(event.data))
    to   = [channel.lobby]
  }
}
`

func feedName(i int) string { return fmt.Sprintf("feed-%d", i) }

// TestHostileInputsDoNotTakeTheRelayDown: whatever comes in, under a limit of memory,
// the relay answers it, stays up, and delivers the next good card to every kind of
// channel.
func TestHostileInputsDoNotTakeTheRelayDown(t *testing.T) {
	inputs := hostileInputs()
	feeds := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i, in := range inputs {
			if r.URL.Path == fmt.Sprintf("/%d", i) {
				_, _ = io.WriteString(w, in.feed())
			}
		}
	}))
	defer feeds.Close()
	c := newChats(t)
	p := startConfined(t, writeConfig(t, hostileConfig(c.URL, inputs, feeds.URL)))
	for i, in := range inputs {
		t.Run(in.name, func(t *testing.T) {
			p.t = t
			if in.feed != nil {
				// What a poll comes to is its own affair, but it comes to something.
				report, err := p.client.Poll(t.Context(), feedName(i))
				t.Logf("the poll came to %+v, %v", report, err)
			} else {
				p.suffer(in)
			}
			p.eventually("nothing waits", func() bool {
				waiting, err := p.client.Deliveries(t.Context(), store.Filter{States: []delivery.State{delivery.Waiting}, Limit: 1})
				if err != nil {
					t.Fatalf("the relay does not answer any more: %v\n%s", err, tail(p.log.String()))
				}
				return len(waiting) == 0
			})
			p.healthy(c, fmt.Sprintf("healthy-%d", i))
		})
	}
	for _, fault := range c.faults {
		t.Error(tail(fault))
	}
	p.t = t
	p.stop()
}

// suffer posts an input. Taken or refused, it has a fate.
func (p *process) suffer(in hostileInput) {
	p.t.Helper()
	resp, err := http.Post(p.hook(in.hook), "application/json", strings.NewReader(in.body()))
	if err != nil {
		p.t.Fatalf("the hook does not answer: %v\n%s", err, tail(p.log.String()))
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode/100 != 2 && resp.StatusCode/100 != 4 {
		p.t.Errorf("the hook answers %s %s", resp.Status, said)
	}
}

// healthy posts a good card and waits until every chat system has it.
func (p *process) healthy(c *chats, title string) {
	p.t.Helper()
	if !postCard(http.DefaultClient, p.hook(hookCards), title) {
		p.t.Fatalf("a good card is not taken\n%s", tail(p.log.String()))
	}
	for name := range answering() {
		p.eventually(name+" has the good card", func() bool {
			arrived := c.arrived(name)
			return len(arrived) > 0 && strings.Contains(arrived[len(arrived)-1], title)
		})
	}
}

// builtRelay is the relay as people run it: without the race detector, which needs
// several times the memory, and without cgo, whose threads have stacks of 8 MB each
// that count as data although they are hardly used.
var builtRelay = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "relay-built-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "relay")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// startConfined runs the relay in hostileMemory and waits until it answers.
func startConfined(t *testing.T, config string) *process {
	t.Helper()
	if out, err := exec.Command("greedy").CombinedOutput(); err != nil {
		t.Fatalf("there is not enough memory for this test: %s", tail(string(out)))
	}
	self, err := exec.LookPath("greedy")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("confined", self).CombinedOutput(); err == nil {
		t.Fatalf("the limit of memory does not hold: %s", out)
	}
	path, err := builtRelay()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, config: config, log: &logBuffer{}, command: []string{"confined", path}}
	p.client = api.Dial(strings.TrimSuffix(config, "relay.hcl") + "relay.sock")
	// The relay takes this from its cgroup. It matters here, because memory that Go has
	// once had counts for the limit even when it has given it back.
	p.start("GOMEMLIMIT=256MiB")
	t.Cleanup(p.kill)
	return p
}

// TestHostileCardThatKillsTheRelayTwiceIsADeadLetter: what was being written when the
// relay died is tried once more; then it is a dead letter that says so, and the lane
// goes on. No card is known that still kills the relay, so the test leaves behind what
// the relay does when it dies over one.
func TestHostileCardThatKillsTheRelayTwiceIsADeadLetter(t *testing.T) {
	c := newChat(t)
	config := writeConfig(t, fmt.Sprintf("relay { listen = \"127.0.0.1:0\" }\ndashboard { listen = \"127.0.0.1:0\" }\n"+
		"channel \"room\" {\n  type = \"office365\"\n  url = \"%s/office365/room\"\n}\nconnector \"webhook\" \"ci\" {\n  route { to = [channel.room] }\n}\n", c.server.URL))
	p := startRelay(t, config)
	post := func(title string) {
		t.Helper()
		if !postCard(http.DefaultClient, p.hook("ci"), title) {
			t.Fatalf("%s is not taken", title)
		}
	}
	post("first")
	p.eventually("the first card is shown", func() bool { return len(c.shown("room")) == 1 })
	writing := strings.TrimSuffix(config, "relay.hcl") + "relay.db-rendering"
	if info, err := os.Stat(writing); err != nil || info.Size() == 0 {
		t.Fatalf("nobody has said that the first card was being written: %v", err)
	}
	if err := p.client.Pause(t.Context(), "room", "for the test"); err != nil {
		t.Fatal(err)
	}
	post("poison")
	post("last")
	var poison operator.Delivery
	for death := 1; death <= 2; death++ {
		list, err := p.client.Deliveries(t.Context(), store.Filter{States: []delivery.State{delivery.Waiting}})
		if err != nil || len(list) != 2 {
			t.Fatalf("before death %d there wait %+v, %v", death, list, err)
		}
		poison = list[1] // the older one
		p.kill()
		if err := os.WriteFile(writing, binary.LittleEndian.AppendUint64(nil, uint64(poison.ID)), 0o600); err != nil {
			t.Fatal(err)
		}
		p.start()
	}
	out, errOut, err := p.run("dead-letters", "list")
	if err != nil || !strings.Contains(out, "poison") || !strings.Contains(out, "died 2 times") {
		t.Errorf("the dead letters are %s%s", out, errOut)
	}
	if err := p.client.Resume(t.Context(), "room"); err != nil {
		t.Fatal(err)
	}
	p.eventually("the last card is shown", func() bool { return strings.Join(c.shown("room"), " ") == "first last" })
	if _, errOut, err := p.run("dead-letters", "replay", fmt.Sprint(poison.ID)); err != nil {
		t.Fatal(errOut)
	}
	p.eventually("the replayed card is shown", func() bool { return strings.Join(c.shown("room"), " ") == "first last poison" })
	p.stop()
}
