package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestASecretIsNeverShown runs everything at the most talkative level with
// canaries in every place that takes a secret, provokes each way in which an
// attempt or a poll can fail, and searches all that can be seen for the canaries.
func TestASecretIsNeverShown(t *testing.T) {
	c := newChat(t)
	bad := httptest.NewUnstartedServer(http.NotFoundHandler())
	bad.Config.ErrorLog = log.New(io.Discard, "", 0) // its certificate is refused on purpose
	bad.StartTLS()
	t.Cleanup(bad.Close)
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusFound)
	}))
	t.Cleanup(redirect.Close)
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth := strings.TrimPrefix(r.Header.Get("Authorization"), "Basic")
		http.Error(w, "no such hook: "+r.URL.String()+" "+auth, http.StatusBadRequest)
	}))
	t.Cleanup(echo.Close)

	// Each URL carries its own canary, in a path or a query.
	urls := map[string]string{
		"well":       c.server.URL + "/office365/well?sig=CANARY-well",
		"nodns":      "https://chat.invalid/CANARY-nodns",
		"refused":    "http://127.0.0.1:1/hook/CANARY-refused?sig=CANARY-refused",
		"badtls":     bad.URL + "/CANARY-badtls",
		"redirected": redirect.URL + "/CANARY-redirected?sig=CANARY-redirected",
		"echoing":    echo.URL + "/CANARY-echoing?sig=CANARY-echoing",
		"proxied":    "http://chat.example/CANARY-proxied",
	}
	var config strings.Builder
	config.WriteString("relay {\n  listen = \"127.0.0.1:0\"\n  log = \"trace\"\n  ops = channel.lobby\n  http { allow = [\"127.0.0.0/8\"] }\n}\ndashboard { listen = \"127.0.0.1:0\" }\nchannel \"lobby\" { type = \"inbox\" }\n")
	var env []string
	var all []string
	for name, url := range urls {
		env = append(env, "URL_"+name+"="+url)
		extra := ""
		if name == "proxied" {
			extra = "  http { proxy = \"http://user:CANARY-proxy@127.0.0.1:1\" }\n"
		}
		fmt.Fprintf(&config, "channel %q {\n  type = \"office365\"\n  url = env(\"URL_%s\")\n  retry { first = \"50ms\" }\n%s}\n", name, name, extra)
		all = append(all, "channel."+name)
	}
	env = append(env, "SIGNING=whsec_Q0FOQVJZLXNpZ25pbmctc2VjcmV0LW9mLXRoZS1yZWxheQ==", "FEED_URL=http://user:CANARY-feed@127.0.0.1:1/feed")
	fmt.Fprintf(&config, "channel \"signed\" {\n  type = \"webhook\"\n  url = \"http://127.0.0.1:1/CANARY-signed\"\n  secret = env(\"SIGNING\")\n}\n")
	// Tokens are secrets, as much as URLs are; a topic is a part of one.
	env = append(env, "TOKEN=CANARY-token")
	for name, more := range map[string]string{
		"zulip": "user = \"bot@example.com\"\n  to = \"engineering\"", "matrix": "payload = \"event\"\n  to = \"!room:example.com\"", "ntfy": "",
	} {
		fmt.Fprintf(&config, "channel %[1]q {\n  type = %[1]q\n  url = \"%[2]s/CANARY-topic\"\n  token = env(\"TOKEN\")\n  %[3]s\n}\n", name, echo.URL, more)
		all = append(all, "channel."+name)
		urls[name] = ""
	}
	fmt.Fprintf(&config, "connector \"webhook\" \"ci\" {\n  secret = env(\"SIGNING\")\n  route { to = [channel.lobby] }\n}\n")
	fmt.Fprintf(&config, "connector \"webhook\" \"open\" {\n  route { to = [channel.signed, %s] }\n}\n", strings.Join(all, ", "))
	path := writeConfig(t, config.String())

	p := startRelay(t, path, env...)
	if !postCard(http.DefaultClient, p.hook("open"), "Hello") {
		t.Fatal("the card was not accepted")
	}
	postCard(http.DefaultClient, p.hook("ci"), "Unsigned")
	for name := range urls {
		if name == "well" {
			continue
		}
		p.eventually(name+" was tried", func() bool {
			out, _, _ := p.run("explain", "1")
			_, after, found := strings.Cut(out, "to channel "+name+"\n")
			return found && strings.HasPrefix(strings.TrimLeft(after, " "), "20")
		})
	}

	seen := map[string]string{}
	for _, command := range [][]string{
		{"status"},
		{"status", "--json"},
		{"channels"},
		{"channels", "--json"},
		{"deliveries"},
		{"deliveries", "--json"},
		{"explain", "1"},
		{"explain", "1", "--json"},
		{"dead-letters", "list"},
		{"plugin", "list", "--json"},
		{"validate"},
		{"reload"},
	} {
		out, errOut, _ := p.run(command...)
		seen["relay "+strings.Join(command, " ")] = out + errOut
	}
	for _, page := range []string{"/", "/metrics", "/api/status", "/api/connectors", "/api/channels", "/api/deliveries", "/api/plugins", "/channels/echoing", "/channels/lobby", "/deliveries/1"} {
		seen[page] = p.page(page)
	}
	arguments, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range arguments {
		if b, err := os.ReadFile(file); err == nil && strings.Contains(string(b), "relay") {
			seen[file] = string(b)
		}
	}
	p.stop()
	seen["the log"] = p.log.String()
	if !strings.Contains(seen["the log"], `"level":"debug"`) {
		t.Error("the log is not at a talkative level, so searching it proves little")
	}
	for where, text := range seen {
		for _, canary := range []string{"CANARY", "Q0FOQVJZLXNpZ25pbmc"} {
			if at := strings.Index(text, canary); at >= 0 {
				t.Errorf("%s shows a secret: …%s…", where, text[max(0, at-120):min(len(text), at+60)])
			}
		}
	}
}

// page returns a page of the dashboard.
func (p *process) page(path string) string {
	p.t.Helper()
	status, err := p.client.Status(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.Get("http://" + status.Dashboard + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		p.t.Errorf("GET %s: %s", path, resp.Status)
	}
	return string(b)
}
