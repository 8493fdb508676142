package main

import (
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
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
		http.Error(w, "no such hook: "+r.URL.String()+" "+r.Header.Get("Authorization"), http.StatusBadRequest)
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
	// Feeds name their own private addresses, in every place there is.
	var private *httptest.Server
	private = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user+password != "readerCANARY-password" || r.URL.Query().Get("token") != "CANARY-0123456789" {
			t.Errorf("the feed was asked for at %s as %s", r.URL, user)
		}
		own := strings.Replace(private.URL, "://", "://reader:CANARY-password@", 1) + r.URL.String()
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>Feed %[1]s</title><link>%[1]s</link><image><url>https://127.0.0.1/i.png?token=CANARY-0123456789</url></image>
			<item><title>Item CANARY-0123456789</title><link>%[2]s/item?token=CANARY-0123456789&amp;n=1</link><guid>%[1]s#1</guid><author>%[1]s</author><category>%[1]s</category>
			<description>&lt;a href="%[1]s"&gt;subscribe&lt;/a&gt; with CANARY-password</description></item></channel></rss>`,
			html.EscapeString(own), strings.Replace(private.URL, "://", "://reader:CANARY-password@", 1))
	}))
	t.Cleanup(private.Close)
	for name, url := range map[string]string{
		"private": strings.Replace(private.URL, "://", "://reader:CANARY-password@", 1) + "/CANARY-path/feed?token=CANARY-0123456789",
		"closed":  "http://127.0.0.1:1/CANARY-closed/feed?token=CANARY-0123456789",
		"noname":  "http://user:CANARY-noname@feed.invalid/CANARY-noname",
	} {
		env = append(env, "FEED_"+name+"="+url)
		fmt.Fprintf(&config, "connector \"rss\" %q {\n  url = env(\"FEED_%s\")\n  initial = 5\n  route { to = [channel.lobby] }\n}\n", name, name)
	}
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
	p.eventually("all feeds were polled", func() bool {
		list, err := p.client.Connectors(t.Context())
		return err == nil && !slices.ContainsFunc(list, func(c operator.Connector) bool { return c.Type == "rss" && c.LastPoll.IsZero() })
	})
	if events, err := p.client.DryRun(t.Context(), "private"); err != nil || len(events) != 1 {
		t.Fatalf("the private feed gives %v, %v", events, err)
	}
	for name := range urls {
		if name == "well" {
			continue
		}
		p.eventually(name+" was tried", func() bool {
			list, err := p.client.Deliveries(t.Context(), store.Filter{Connector: "open", Channel: name})
			if err != nil || len(list) != 1 {
				return false
			}
			out, _, _ := p.run("explain", fmt.Sprint(list[0].Event))
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
		{"connectors"},
		{"connectors", "--json"},
		{"poll", "private", "--dry-run", "--json"},
		{"explain", "2", "--json"},
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
	for _, page := range []string{"/", "/metrics", "/api/v1/status", "/api/v1/connectors", "/api/v1/channels", "/api/v1/deliveries", "/api/v1/plugins", "/api/v1/plugins/rss/log", "/api/v1/plugins/webhook/log", "/api/v1/configuration", "/api/v1/openapi.json", "/channels/echoing", "/channels/lobby", "/deliveries/1"} {
		seen[page] = p.page(page)
	}
	for name := range urls {
		x, err := p.client.Doctor(t.Context(), name)
		trial, tried := p.client.TryRoute(t.Context(), operator.RouteDraft{Connector: "open", Route: "route {\n to = [channel.lobby]\n card { title = env(\"URL_well\") }\n}"})
		seen["what is found out about "+name] = fmt.Sprint(x, err, trial, tried)
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
		// The others are how base64 has it within something longer.
		for _, canary := range []string{"CANARY", "Q0FOQVJZ", "NBTkFSW", "DQU5BUl"} {
			if at := strings.Index(text, canary); at >= 0 {
				t.Errorf("%s shows a secret: …%s…", where, text[max(0, at-120):min(len(text), at+60)])
			}
		}
	}
}

// TestASecretIsMaskedBeforeAPluginSeesIt has a plugin tell its environment as its
// first and last words, to a relay that starts, one that reloads, and a command.
func TestASecretIsMaskedBeforeAPluginSeesIt(t *testing.T) {
	talker := filepath.Join(t.TempDir(), "talker")
	if err := os.WriteFile(talker, []byte("#!/bin/sh\necho \"my token is $TOKEN\" >&2\nexit 1\n"), 0o700); err != nil { //nolint:gosec // a plugin is executable
		t.Fatal(err)
	}
	const before = "relay { listen = \"127.0.0.1:0\" }\ndashboard { listen = \"127.0.0.1:0\" }\nchannel \"lobby\" { type = \"inbox\" }\nconnector \"webhook\" \"ci\" {\n  route { to = [channel.lobby] }\n}\n"
	after := before + fmt.Sprintf("plugin \"talker\" {\n  path = %q\n  env = { TOKEN = env(\"TALKER\") }\n}\n", talker)
	path := writeConfig(t, before)
	p := startRelay(t, path, "TALKER=CANARY-environment")
	if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TALKER", "CANARY-environment")
	out, errOut, err := p.run("reload")
	said := map[string]string{"reload": out + errOut}
	if err == nil {
		t.Error("a relay with a broken plugin reloads")
	}
	out, errOut, _ = p.run("validate")
	said["validate"] = out + errOut
	p.stop()
	said["the log"] = p.log.String()
	out, errOut, _ = p.run("run")
	said["run"] = out + errOut
	for where, text := range said {
		if strings.Contains(text, "CANARY") || where != "the log" && !strings.Contains(text, "my token is [secret]") {
			t.Errorf("%s: %s", where, text)
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
