package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/printable"
	"github.com/connector-relay/relay/relay/store"
)

// evil is what somebody writes who means a terminal: clear it, name its window, make a
// link, reverse the line, hide, break the line and go on as the next row of a table.
const evil = "A\x1b[2J\x1b]0;own\a\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\\u009b31m\u202eB\u2066\u200f\u061c\u200b\U000E0041C\rD\n99999  99999  faked"

// fakedRow is the row that evil would add.
const fakedRow = "\n99999  99999  faked"

// acts reports whether a rune does more on a terminal than stand there.
func acts(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
}

// harmless fails when text would act on a terminal.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	if i := strings.IndexFunc(text, acts); i >= 0 {
		t.Errorf("%s prints %q", what, text[max(0, i-60):min(len(text), i+60)])
	}
	if strings.Contains(text, fakedRow) {
		t.Errorf("%s lets a line be faked:\n%s", what, text)
	}
}

// evilEndpoint answers with a reason phrase and a body that are evil.
func evilEndpoint(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	body, err := json.Marshal(map[string]string{"error": evil})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		reason := strings.NewReplacer("\r", "", "\n", "").Replace(evil)
		fmt.Fprintf(conn, "HTTP/1.1 400 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", reason, len(body), body)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String()
}

// evilFeed has one item, evil in all of it.
func evilFeed(t *testing.T) string {
	t.Helper()
	xmlEvil := strings.NewReplacer("\x1b", "", "\a", "").Replace(evil) // XML has no C0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>%[1]s</title><item><title>%[1]s</title><guid>%[1]s</guid><author>%[1]s</author></item></channel></rss>`, xmlEvil)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestHostileTextNeverActsOnATerminal whichever command shows it, in text and in JSON.
func TestHostileTextNeverActsOnATerminal(t *testing.T) {
	p := startRelay(t, writeConfig(t, fmt.Sprintf(`
relay {
  listen = "127.0.0.1:0"
  log    = "trace"
  http { allow = ["127.0.0.0/8"] }
}
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
channel "evil" {
  type = "webhook"
  url  = %q
}
connector "webhook" "hello" {
  route { to = [channel.lobby, channel.evil] }
}
connector "webhook" "filtered" {
  route {
    when = event.card.title == "never"
    to   = [channel.lobby]
  }
}
connector "rss" "feed" {
  url      = %q
  schedule = "@every 1h"
  initial  = 1
  route { to = [channel.lobby] }
}
`, evilEndpoint(t), evilFeed(t))))
	b, err := json.Marshal(map[string]any{"@type": "MessageCard", "title": evil, "summary": evil, "text": evil})
	if err != nil {
		t.Fatal(err)
	}
	for _, connector := range []string{"hello", "filtered"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.hook(connector), strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", strings.NewReplacer("\x1b", "", "\a", "", "\r", "", "\n", "").Replace(evil))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
			t.Fatalf("the hook answers %d: %s", resp.StatusCode, answer)
		}
		resp.Body.Close()
	}
	p.eventually("a dead letter and a feed's item", func() bool {
		list, err := p.client.Deliveries(t.Context(), store.Filter{Limit: 10})
		return err == nil && len(list) == 3 && slices.ContainsFunc(list, func(d operator.Delivery) bool { return d.State == delivery.Dead })
	})
	if err := p.client.Pause(t.Context(), "lobby", evil); err != nil {
		t.Fatal(err)
	}
	card := filepath.Join(t.TempDir(), "card\x1b[2J.json")
	if err := os.WriteFile(card, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range commandLines(card) {
		t.Run(printable.Line(strings.Join(args, " ")), func(t *testing.T) {
			out, errOut, _ := p.run(args...)
			if out+errOut == "" && args[0] != "fmt" {
				t.Error("nothing is printed")
			}
			harmless(t, "the command", out)
			harmless(t, "the command", errOut)
			out, errOut, err := p.run(append(args, "--json")...)
			harmless(t, "with --json, the command", out)
			harmless(t, "with --json, the command", errOut)
			if err == nil && strings.HasPrefix(out, "[") && !json.Valid([]byte(out)) {
				t.Errorf("it is no JSON: %s", out)
			}
		})
	}
	p.eventually("the lobby is paused", func() bool { return p.client.Pause(t.Context(), "lobby", evil) == nil })
	out, _, err := p.run("channels", "--json")
	var list []operator.Channel
	if err != nil || json.Unmarshal([]byte(out), &list) != nil || !slices.ContainsFunc(list, func(c operator.Channel) bool { return c.Reason == evil }) {
		t.Errorf("in JSON no channel is paused for the reason that was given: %s (error %v)", out, err)
	}
	p.stop()
	harmless(t, "the log", p.log.String())
}

// commandLines are all commands there are, with arguments that make them show what is
// stored, and with evil ones.
func commandLines(card string) [][]string {
	given := map[string][]string{
		"explain": {"1"}, "dead-letters show": {"2"}, "poll": {"feed", "--dry-run"}, "preview": {card}, "doctor": {"evil"},
		"send": {"evil", "--card", card, "--wait", "1s"}, "fmt": {"--check"}, "pause": {"evil"}, "resume": {"evil"}, "dead-letters replay": {"--all"},
	}
	var lines [][]string
	var walk func(*cobra.Command, []string)
	walk = func(c *cobra.Command, path []string) {
		for _, sub := range c.Commands() {
			walk(sub, append(slices.Clone(path), sub.Name()))
		}
		name := strings.Join(path, " ")
		if len(path) == 0 || c.HasSubCommands() || slices.Contains([]string{"run", "login", "plugin serve", "plugin read-feeds", "plugin new"}, name) {
			return
		}
		lines = append(lines, append(slices.Clone(path), given[name]...), append(slices.Clone(path), evil), append(slices.Clone(path), "--"+evil))
	}
	walk((&app{}).root(), nil)
	return append(lines, []string{evil})
}

// terminal opens a terminal, and returns what it gets to see.
func terminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, tty
}

// seen is what came on a screen, without the colours that the relay itself sets.
func seen(t *testing.T, screen *os.File) string {
	t.Helper()
	b, _ := io.ReadAll(screen) // it ends with an error when the terminal is closed
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	if !strings.Contains(text, "\x1b[") {
		t.Error("there are no colours, so this was no terminal")
	}
	return regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(text, "")
}

// TestHostileTextOnARealTerminal: what has colours there is clean as well.
func TestHostileTextOnARealTerminal(t *testing.T) {
	t.Run("the log", func(t *testing.T) {
		screen, tty := terminal(t)
		log := (&app{err: printable.NewWriter(tty)}).logOutput()
		line, err := json.Marshal(map[string]any{"level": "info", "message": evil, "part": evil, evil: evil, "list": []any{evil, map[string]any{evil: evil}}, "error": evil})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Write(line); err != nil {
			t.Fatal(err)
		}
		tty.Close()
		text := seen(t, screen)
		harmless(t, "the log", text)
		if strings.Count(text, "\n") != 1 {
			t.Errorf("one entry is more than one line: %q", text)
		}
	})
	t.Run("a configuration", func(t *testing.T) {
		screen, tty := terminal(t)
		config := filepath.Join(t.TempDir(), "re\x1b[2J\u202elay.hcl")
		text := "relay { listen = \"" + strings.ReplaceAll(evil, "\n", "") + "\" }\nchannel \"x\" { type = \"\x1b[2Jslak\" } # \x1b]0;own\a \u202e\n"
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code := execute(t.Context(), []string{"validate", "-c", config}, nil, io.Discard, tty); code != exitInvalid {
			t.Errorf("it exits with %d", code)
		}
		tty.Close()
		harmless(t, "validate", seen(t, screen))
	})
}
