package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// TestACardAppearsOnAnOpenPage opens the channel's page in a real Chromium, posts
// a card afterwards, and waits for it on the page. Nothing may be refused by the
// page's own security policy, and nothing in a card may run.
func TestACardAppearsOnAnOpenPage(t *testing.T) {
	p := startRelay(t, writeConfig(t, `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
connector "webhook" "ci" {
  route { to = [channel.lobby] }
}
`))
	status, err := p.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t, "http://"+status.Dashboard+"/channels/lobby")
	p.eventually("the page is drawn", func() bool { return strings.Contains(b.text(), "No card yet") })
	if !postCard(http.DefaultClient, p.hook("ci"), "Posted while you watch") {
		t.Fatal("the card was not accepted")
	}
	p.eventually("the card is on the page", func() bool { return strings.Contains(b.text(), "Posted while you watch") })
	p.eventually("and that it was delivered", func() bool { return strings.Contains(b.text(), "delivered") })

	hostile := `<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script> [click](javascript:document.title='run') Harmless`
	if !postCard(http.DefaultClient, p.hook("ci"), strings.ReplaceAll(hostile, `\"`, `"`)) {
		t.Fatal("the hostile card was not accepted")
	}
	p.eventually("the hostile card is on the page", func() bool { return strings.Contains(b.text(), "Harmless") })
	if title := b.evaluate("document.title"); title != "lobby · Relay" {
		t.Errorf("the title has become %q", title)
	}
	if n := b.evaluate("String(document.querySelectorAll('#main script, #main [onerror], #main a[href^=javascript]').length)"); n != "0" {
		t.Errorf("%s elements of the card could run", n)
	}
	if faults := b.faults(); len(faults) > 0 {
		t.Errorf("the browser complains: %v", faults)
	}
}

// TestAPageKeepsItsPlaceWhenItUpdates: what the reader has focused and selected stays
// so while cards arrive above it.
func TestAPageKeepsItsPlaceWhenItUpdates(t *testing.T) {
	p := startRelay(t, writeConfig(t, `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
connector "webhook" "ci" {
  title = "Build server"
  route { to = [channel.lobby] }
}
`))
	status, err := p.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		if !postCard(http.DefaultClient, p.hook("ci"), fmt.Sprintf("Card %d", n)) {
			t.Fatal("the card was not accepted")
		}
	}
	b := startBrowser(t, "http://"+status.Dashboard+"/channels/lobby")
	// A page that is still loading, or is too short to scroll, has no place to keep.
	p.eventually("the page is drawn", func() bool {
		return b.evaluate(`document.readyState + document.querySelectorAll("#main ol.cards > li").length`) == "complete20"
	})
	b.evaluate(`(() => {
		window.card = document.getElementById("delivery-8");
		card.scrollIntoView();
		card.querySelector("a").focus();
		const range = document.createRange();
		range.selectNodeContents(card.querySelector("h3"));
		getSelection().removeAllRanges();
		getSelection().addRange(range);
		window.top0 = card.getBoundingClientRect().top;
		return "";
	})()`)
	for n := range 5 {
		if !postCard(http.DefaultClient, p.hook("ci"), fmt.Sprintf("News %d", n)) {
			t.Fatal("the card was not accepted")
		}
	}
	p.eventually("the news is on the page", func() bool { return strings.Contains(b.text(), "News 4") })
	for question, want := range map[string]string{
		`String(document.activeElement === card.querySelector("a"))`:                          "true",
		`getSelection().toString().trim()`:                                                    "Card 7",
		`String(document.getElementById("delivery-8") === card)`:                              "true",
		`String(Math.abs(card.getBoundingClientRect().top - top0) < 5)`:                       "true",
		`String(document.querySelectorAll("#main ol.cards > li").length)`:                     "25",
		`[...document.querySelectorAll("#main h3")].slice(0, 2).map(h => h.innerText).join()`: "News 4,News 3",
	} {
		if got := b.evaluate(question); got != want {
			t.Errorf("%s is %q, want %q", question, got, want)
		}
	}
	if faults := b.faults(); len(faults) > 0 {
		t.Errorf("the browser complains: %v", faults)
	}
}

// TestThePagesShowWhatNeedsAPerson: dead letters on the overview, and every connector on
// a page of its own, without its secret.
func TestThePagesShowWhatNeedsAPerson(t *testing.T) {
	c := newChat(t)
	c.trouble("releases", func(int) string { return troubleBadCard })
	p := startRelay(t, writeConfig(t, `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "releases" {
  type = "office365"
  url  = "`+c.server.URL+`/office365/releases"
}
connector "webhook" "ci" {
  route { to = [channel.releases] }
}
`))
	status, err := p.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t, "http://"+status.Dashboard+"/")
	p.eventually("the page is drawn", func() bool { return strings.Contains(b.text(), "No card yet") })
	if strings.Contains(b.text(), "Dead letters") {
		t.Error("there are no dead letters, and the page speaks of them")
	}
	if !postCard(http.DefaultClient, p.hook("ci"), "Broken build") {
		t.Fatal("the card was not accepted")
	}
	p.eventually("the dead letter is on the open page", func() bool {
		return strings.Contains(b.evaluate(`document.getElementById("dead")?.innerText ?? ""`), "Broken build")
	})
	b.evaluate(`document.querySelector("a[href='/connectors']").click()`)
	p.eventually("the connectors are shown", func() bool { return strings.Contains(b.text(), "Hook URL") })
	if text := b.text(); !strings.Contains(text, "last used") || strings.Contains(text, "last used never") {
		t.Errorf("the hook URL has been used, and the page says %q", text)
	}
	_, token, _ := strings.Cut(p.hook("ci"), "/hooks/")
	if html := b.evaluate("document.documentElement.outerHTML"); strings.Contains(html, token) || !strings.Contains(html, `id="connector-ci"`) {
		t.Errorf("the page of connectors shows %s", html)
	}
	if faults := b.faults(); len(faults) > 0 {
		t.Errorf("the browser complains: %v", faults)
	}
}

// browser is a headless Chromium with one page, steered over its DevTools.
type browser struct {
	t      *testing.T
	conn   *websocket.Conn
	id     int
	faulty []string
}

func startBrowser(t *testing.T, page string, flags ...string) *browser {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "chromium", append(flags, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--remote-allow-origins=*",
		"--user-data-dir="+t.TempDir(), "about:blank")...)
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its helpers end with it
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("Chromium is needed (scripts/test installs it): %v", err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	address := devTools(t, bufio.NewScanner(stderr))
	var pages []struct {
		Type string `json:"type"`
		URL  string `json:"webSocketDebuggerUrl"`
	}
	resp, err := http.Get("http://" + address + "/json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&pages); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t}
	for _, candidate := range pages {
		if candidate.Type != "page" {
			continue
		}
		if b.conn, err = websocket.Dial(candidate.URL, "", "http://127.0.0.1/"); err != nil {
			t.Fatal(err)
		}
	}
	if b.conn == nil {
		t.Fatal("Chromium has no page")
	}
	t.Cleanup(func() {
		// It leaves nothing behind in its directory when it may end by itself.
		_ = websocket.JSON.Send(b.conn, map[string]any{"id": -1, "method": "Browser.close"})
		_, _ = io.Copy(io.Discard, b.conn)
		b.conn.Close()
	})
	b.call("Log.enable", nil)
	b.call("Runtime.enable", nil)
	if problem := b.call("Page.navigate", map[string]any{"url": page}).Result.ErrorText; problem != "" {
		t.Fatalf("Chromium cannot open %s: %s", page, problem)
	}
	return b
}

// devTools reads where Chromium listens from what it prints.
func devTools(t *testing.T, out *bufio.Scanner) string {
	t.Helper()
	found := make(chan string, 1)
	go func() {
		listening := regexp.MustCompile(`DevTools listening on ws://([^/]+)/`)
		for out.Scan() {
			if m := listening.FindStringSubmatch(out.Text()); m != nil {
				found <- m[1]
			}
		}
	}()
	select {
	case address := <-found:
		return address
	case <-time.After(30 * time.Second):
		t.Fatal("Chromium does not listen")
		return ""
	}
}

// answer is one line of the DevTools protocol: an answer or an event.
type answer struct {
	ID     int    `json:"id"`
	Method string `json:"method"`
	Params struct {
		Entry struct {
			Level string `json:"level"`
			Text  string `json:"text"`
		} `json:"entry"`
		ExceptionDetails exception `json:"exceptionDetails"`
	} `json:"params"`
	Result struct {
		ErrorText        string    `json:"errorText"`
		ExceptionDetails exception `json:"exceptionDetails"`
		Result           struct {
			Value string `json:"value"`
		} `json:"result"`
	} `json:"result"`
}

// exception is what a script ended with.
type exception struct {
	Text      string `json:"text"`
	Exception struct {
		Description string `json:"description"`
	} `json:"exception"`
}

// call asks the browser and keeps what it complains about meanwhile.
func (b *browser) call(method string, params any) answer {
	b.t.Helper()
	b.id++
	if err := websocket.JSON.Send(b.conn, map[string]any{"id": b.id, "method": method, "params": params}); err != nil {
		b.t.Fatal(err)
	}
	for {
		var a answer
		if err := websocket.JSON.Receive(b.conn, &a); err != nil {
			b.t.Fatal(err)
		}
		switch {
		case a.ID == b.id:
			return a
		case a.Method == "Log.entryAdded" && a.Params.Entry.Level == "error":
			b.faulty = append(b.faulty, a.Params.Entry.Text)
		case a.Method == "Runtime.exceptionThrown":
			b.faulty = append(b.faulty, a.Params.ExceptionDetails.Text)
		}
	}
}

// evaluate returns the value of a JavaScript expression.
func (b *browser) evaluate(expression string) string {
	b.t.Helper()
	return b.call("Runtime.evaluate", map[string]any{"expression": expression}).Result.Result.Value
}

// ask decodes the JSON text that a JavaScript expression comes to.
func (b *browser) ask(t *testing.T, expression string, into any) {
	t.Helper()
	result := b.call("Runtime.evaluate", map[string]any{"expression": expression}).Result
	if err := json.Unmarshal([]byte(result.Result.Value), into); err != nil {
		t.Fatalf("no answer: %v %s", err, result.ExceptionDetails.Exception.Description)
	}
}

// text is what a person reads on the page.
func (b *browser) text() string { return b.evaluate("document.body.innerText") }

// faults are errors that the browser logged.
func (b *browser) faults() []string {
	b.evaluate(fmt.Sprintf("%q", "anything that is still to come"))
	return b.faulty
}
