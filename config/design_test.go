package config

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/outbound"
)

func TestDesignDecoded(t *testing.T) {
	sources := fixtures(t, "valid", 5)
	workplace(t)
	dir := root(t)
	c := mustDecode(t, sources["design"])

	if c.Relay.Listen != "127.0.0.1:8080" || c.Relay.PublicURL != "https://relay.example.com" || c.Relay.Store != dir+"/relay.db" ||
		c.Relay.PluginDir != dir+"/plugins.d" || c.Relay.Log != zerolog.InfoLevel || c.Relay.Retention != 30*24*time.Hour || c.Relay.Ops != "lobby" {
		t.Errorf("relay: %+v", c.Relay)
	}
	if !c.Relay.HTTP.Proxy.IsZero() || c.Relay.HTTP.CA != nil || len(c.Relay.HTTP.Allow) != 0 {
		t.Errorf("relay.http: %+v", c.Relay.HTTP)
	}
	releases := c.Channels[1]
	if releases.Name != "releases" || releases.System.Name != "teams" || releases.Settings.Payload() != "message" || releases.Rate != 4 || releases.Burst != 1 ||
		releases.Retry != (Retry{First: time.Second, Longest: 15 * time.Minute, GiveUpAfter: 24 * time.Hour}) {
		t.Errorf("channel: %+v", releases)
	}
	if q := releases.Quiet; q == nil || q.From != 22*60 || q.To != 7*60 || q.Location.String() != "Europe/Berlin" || q.Days != [7]bool{true, true, true, true, true, true, true} {
		t.Errorf("quiet: %+v", q)
	}
	for i, want := range []Digest{{}, {After: 5 * time.Minute, Most: 30}, {After: 5 * time.Minute, Most: 30}, {After: 5 * time.Minute, Most: 30}} {
		if got := c.Channels[i].Digest; got != want {
			t.Errorf("the digests of channel %s: %+v, want %+v", c.Channels[i].Name, got, want)
		}
	}
	for i, want := range []string{"", os.Getenv("RELEASES_WEBHOOK_URL"), "https://outlook.example.com/canary-group", os.Getenv("SLACK_WEBHOOK_URL")} {
		if got, err := c.Channels[i].Settings.URL().Reveal(); err != nil || got != want {
			t.Errorf("the URL of channel %s is wrong (%v)", c.Channels[i].Name, err)
		}
	}
	var connectors []string
	for _, cn := range c.Connectors {
		connectors = append(connectors, cn.Type+" "+cn.Name)
		if !cn.Enabled || cn.Fingerprint == "" || len(cn.Routes) == 0 {
			t.Errorf("connector: %+v", cn)
		}
	}
	if diff := cmp.Diff([]string{"rss go-blog", "github relay", "webhook ci", "webhook grafana"}, connectors); diff != "" {
		t.Error(diff)
	}
	if blog, hub := c.Connectors[0], c.Connectors[1]; blog.MaxSilence != 30*24*time.Hour || hub.Owner != "lead@example.com" || len(hub.Suspended) != 0 {
		t.Errorf("connectors: %+v, %+v", blog, hub)
	}
	if diff := cmp.Diff([]Team{{Name: "platform", Members: []string{"lead@example.com", "dev@example.com"}}}, c.Teams, cmpopts.IgnoreTypes(hcl.Range{})); diff != "" {
		t.Error(diff)
	}
	plugin := c.Plugins[0]
	if plugin.Name != "acme" || plugin.Path != dir+"/bin/relay-plugin-acme" || len(plugin.SHA256) != 32 {
		t.Errorf("plugin: %+v", plugin)
	}
	if region, err := plugin.Env["ACME_REGION"].Reveal(); err != nil || region != "eu" {
		t.Errorf("environment: %q, %v", region, err)
	}
	checkGrafana(t, c.Connectors[3])
}

// checkGrafana applies the route that builds a card from any JSON.
func checkGrafana(t *testing.T, c Connector) {
	t.Helper()
	res := c.Routes[0].Apply(c.Name, event.Event{Kind: "post", Data: []byte(`{
		"title": "Disk full", "message": "On two machines", "externalURL": "https://grafana.example.com/",
		"alerts": [{"labels": {"alertname": "a"}, "status": "firing"}, {"labels": {"alertname": "b"}, "status": "resolved"}]
	}`)})
	if !res.Matched || res.Card == nil {
		t.Fatalf("result: %+v", res)
	}
	if res.Card.Title != "Disk full" || res.Card.Text != "On two machines" || len(res.Card.Sections[0].Facts) != 2 || res.Card.Actions[0].URL() != "https://grafana.example.com/" {
		t.Errorf("card: %+v", res.Card)
	}
}

func TestDefaults(t *testing.T) {
	workplace(t)
	dir := root(t)
	c := mustDecode(t, "")
	want := Config{
		Path: "relay.hcl",
		Relay: Relay{
			Listen: "127.0.0.1:8080", State: State{Store: dir + "/relay.db", Key: dir + "/relay.key", Socket: dir + "/relay.sock", Certificates: dir + "/relay-certificates"}, PluginDir: dir + "/plugins.d",
			Log: zerolog.InfoLevel, Retention: 720 * time.Hour, DrainTimeout: 30 * time.Second,
			HTTP: outbound.Settings{MinTLS: "1.2"},
		},
		Dashboard: Dashboard{Listen: "127.0.0.1:8081"},
		Files:     []SourceFile{{Name: "relay.hcl", Lines: []string{""}}},
	}
	if diff := cmp.Diff(want, *c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEverythingOfRelay(t *testing.T) {
	sources := fixtures(t, "valid", 5)
	workplace(t)
	dir := root(t)
	c := mustDecode(t, sources["everything-of-relay"])
	r := c.Relay
	if r.Listen != "[::1]:0" || r.PublicURL != "https://relay.example.com/base" || r.Store != dir+"/data/relay.db" || r.PluginDir != dir+"/more-plugins" ||
		r.Log != zerolog.DebugLevel || r.Retention != 36*time.Hour || r.DrainTimeout != 5*time.Second || r.Ops != "lobby" || c.Dashboard.Listen != "localhost:0" || c.Metrics.Listen != "10.0.0.5:9090" {
		t.Errorf("relay: %+v", r)
	}
	if r.Disk != (Disk{MinFree: 1 << 30, MaxStore: 1 << 39}) {
		t.Errorf("disk: %+v", r.Disk)
	}
	if len(r.HTTP.Allow) != 2 || r.HTTP.Allow[0].String() != "10.0.0.0/8" || r.HTTP.Allow[1].String() != "192.0.2.7/32" || r.HTTP.Proxy.IsZero() {
		t.Errorf("http: %v", r.HTTP)
	}
	if r.HTTP.ClientCert != dir+"/tls/client.pem" || r.HTTP.ClientKey != dir+"/tls/client.key" || r.HTTP.MinTLS != "1.3" {
		t.Errorf("http: %v", r.HTTP)
	}
}

func TestRoutesNameChannelsOnceInOrder(t *testing.T) {
	sources := fixtures(t, "valid", 5)
	workplace(t)
	c := mustDecode(t, sources["lists-of-channels"])
	var got [][]string
	for _, r := range c.Connectors[0].Routes {
		got = append(got, r.To)
		if r.Conditional() {
			t.Error("a route without a condition is conditional")
		}
	}
	if diff := cmp.Diff([][]string{{"b", "a"}, {"b"}, {"a"}, {"a", "b"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestHTTPOverrides(t *testing.T) {
	workplace(t)
	c := mustDecode(t, `
relay {
  http {
    proxy = "http://outer:1"
    allow = ["10.0.0.0/8"]
  }
}
channel "a" {
  type = "webhook"
  url  = "https://example.com/a"
  http {
    proxy = "http://inner:1"
  }
}
channel "b" {
  type = "webhook"
  url  = "https://example.com/b"
}
connector "rss" "c" {
  url = "https://example.com/c"
  http {
    proxy = ""
  }
  route {
    to = [channel.a, channel.b]
  }
}
`)
	reveal := func(h outbound.Settings) string {
		text, err := h.Proxy.Reveal()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if got := reveal(c.Channels[0].HTTP); got != "http://inner:1" {
		t.Errorf("a channel's own proxy: %q", got)
	}
	if got := reveal(c.Channels[1].HTTP); got != "http://outer:1" || len(c.Channels[1].HTTP.Allow) != 0 {
		t.Errorf("a channel's inherited http: %q, %v", got, c.Channels[1].HTTP.Allow)
	}
	if got := reveal(c.Connectors[0].HTTP); got != "" || len(c.Connectors[0].HTTP.Allow) != 1 {
		t.Errorf("a connector without proxy: %q, %v", got, c.Connectors[0].HTTP.Allow)
	}
}

func TestNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	f, diags := Parse(Options{Path: "nowhere.hcl", Systems: systems.All()})
	err := f.Error(diags)
	if err == nil || !strings.Contains(err.Error(), `There is no configuration file "nowhere.hcl"`) || !strings.Contains(err.Error(), "-c FILE") {
		t.Errorf("error: %v", err)
	}
	if f.State().Store == "" || f.PluginDir() == "" || len(f.Plugins())+len(f.ConnectorTypes()) > 0 {
		t.Error("the file that is not there has no defaults, or more than them")
	}
	if _, diags := f.Decode(nil); diags.HasErrors() {
		t.Errorf("decode: %v", diags)
	}
}

func TestErrorIsNilWithoutErrors(t *testing.T) {
	f := &File{}
	if err := f.Error(hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: "x"}}); err != nil {
		t.Errorf("error: %v", err)
	}
}

func TestPluginProblemsPointAtTheArgument(t *testing.T) {
	workplace(t)
	c := mustDecode(t, `
channel "a" {
  type = "inbox"
}
connector "kitchen" "c" {
  token = "x"
  names = ["x", "y"]
  route {
    to = [channel.a]
  }
}
`)
	for argument, line := range map[string]int{"names": 7, "names[1]": 7, "names.x": 7, "count": 5, "": 5} {
		d := c.Connectors[0].Diagnostic(connector.Problem{Argument: argument, Message: "No."})
		if d.Severity != hcl.DiagError || d.Subject.Start.Line != line || d.Detail != "No." {
			t.Errorf("%q: line %d: %v", argument, d.Subject.Start.Line, d)
		}
	}
}

func TestFormat(t *testing.T) {
	got := string(Format([]byte("relay{\nlisten=\"a\"\nstore =   \"b\"\n}\n")))
	want := "relay {\n  listen = \"a\"\n  store  = \"b\"\n}\n"
	if got != want {
		t.Errorf("got %q", got)
	}
	for name, source := range fixtures(t, "valid", 5) {
		once := Format([]byte(source))
		if diff := cmp.Diff(string(once), string(Format(once))); diff != "" {
			t.Errorf("formatting %s again changes it:\n%s", name, diff)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour, "15m": 15 * time.Minute, "0s": 0, "-1d": -24 * time.Hour,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "30", "30 d", "d30", "1d-1h", "1d1d", "NaNd", "1e99d", "99999999999d", "100000d90000000h", "0x1d", "1h1d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q gives %v", text, got)
		}
	}
}
