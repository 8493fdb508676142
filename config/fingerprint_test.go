package config

import (
	"strings"
	"testing"
)

const fingerprinted = `
channel "a" {
  type  = "webhook"
  url   = env("RELEASES_WEBHOOK_URL")
  rate  = "4/s"
  retry {
    first   = "1s"
    longest = "1m"
  }
}

channel "b" {
  type = "inbox"
}

connector "kitchen" "c" {
  token    = env("CANARY")
  schedule = "@hourly"
  count    = 1

  route {
    when = event.kind == "x" && (true || event.data.a[0] > 1)
    to   = [channel.a, channel.b]
    card {
      title = "A ${upper(event.card.title)}"
      text  = "B"
      fact "F" {
        value = 1
      }
    }
  }
  route {
    to = [channel.b]
  }
}
`

func TestFingerprint(t *testing.T) {
	tests := map[string]struct {
		old, now           string
		channel, connector bool
	}{
		"nothing":                   {},
		"a comment":                 {old: `rate  = "4/s"`, now: `rate  = "4/s" # quick`},
		"layout":                    {old: "  rate ", now: "\n\n    rate     "},
		"order of attributes":       {old: "token    = env(\"CANARY\")\n  schedule = \"@hourly\"", now: "schedule = \"@hourly\"\n  token    = env(\"CANARY\")"},
		"order in a card":           {old: "title = \"A ${upper(event.card.title)}\"\n      text  = \"B\"", now: "text = \"B\"\n      title = \"A ${upper(event.card.title)}\""},
		"parentheses and comments":  {old: "(true || event.data.a[0] > 1)", now: "((true\n || /* or */ (event.data.a[0]) > 1))"},
		"a default written out":     {old: `count    = 1`, now: "count = 1\nenabled = true\nlevel = \"high\""},
		"a duration in other words": {old: `longest = "1m"`, now: `longest = "60s"`},
		"a rate in other words":     {old: `rate  = "4/s"`, now: `rate  = "240/m"`},
		"the same URL, otherwise":   {old: `url   = env("RELEASES_WEBHOOK_URL")`, now: `url   = "${env("RELEASES_WEBHOOK_URL")}"`},
		"the default of TLS":        {old: "\nchannel \"a\"", now: "relay {\n  http {\n    min_tls = \"1.2\"\n  }\n}\nchannel \"a\""},
		"the relay's log":           {old: "\nchannel \"a\"", now: "relay {\n  log = \"debug\"\n}\nchannel \"a\""},

		"a URL":                   {old: `env("RELEASES_WEBHOOK_URL")`, now: `env("SLACK_WEBHOOK_URL")`, channel: true},
		"a rate":                  {old: `"4/s"`, now: `"5/s"`, channel: true},
		"a retry":                 {old: `first   = "1s"`, now: `first = "2s"`, channel: true},
		"quiet hours":             {old: `rate  =`, now: "quiet {\n    from = \"22:00\"\n    to = \"07:00\"\n  }\n  rate =", channel: true},
		"digests off":             {old: `rate  =`, now: "digest {\n    enabled = false\n  }\n  rate =", channel: true},
		"a digest's default":      {old: `rate  =`, now: "digest {\n    most = 30\n  }\n  rate ="},
		"what is urgent":          {old: `to   = [channel.a`, now: "urgent = event.kind == \"x\"\n    to = [channel.a", connector: true},
		"a concurrency":           {old: `rate  =`, now: "concurrency = 2\n  rate =", channel: true},
		"the relay's proxy":       {old: "\nchannel \"a\"", now: "relay {\n  http {\n    proxy = \"http://p:1\"\n  }\n}\nchannel \"a\"", channel: true, connector: true},
		"the relay's CA file":     {old: "\nchannel \"a\"", now: "relay {\n  http {\n    ca_file = \"tls/client.pem\"\n  }\n}\nchannel \"a\"", channel: true, connector: true},
		"the relay's certificate": {old: "\nchannel \"a\"", now: "relay {\n  http {\n    client_cert = \"tls/client.pem\"\n    client_key = \"tls/client.key\"\n  }\n}\nchannel \"a\"", channel: true, connector: true},
		"the relay's lowest TLS":  {old: "\nchannel \"a\"", now: "relay {\n  http {\n    min_tls = \"1.3\"\n  }\n}\nchannel \"a\"", channel: true, connector: true},
		"a connector's TLS":       {old: `count    = 1`, now: "count = 1\nhttp {\nmin_tls = \"1.3\"\n}", connector: true},
		"a channel's TLS":         {old: `rate  =`, now: "http {\nmin_tls = \"1.3\"\n}\n  rate =", channel: true},
		"the connectors' network": {old: "\nchannel \"a\"", now: "relay {\n  http {\n    allow = [\"10.0.0.0/8\"]\n  }\n}\nchannel \"a\"", connector: true},
		"a secret":                {old: `env("CANARY")`, now: `env("GITHUB_TOKEN")`, connector: true},
		"an argument":             {old: `count    = 1`, now: `count    = 2`, connector: true},
		"a schedule":              {old: `"@hourly"`, now: `"@daily"`, connector: true},
		"disabling":               {old: `count    = 1`, now: "count = 1\nenabled = false", connector: true},
		"a timeout":               {old: `count    = 1`, now: "count = 1\ntimeout = \"9s\"", connector: true},
		"a quota":                 {old: `count    = 1`, now: "count = 1\nquota {\nevents_per_hour = 9\n}", connector: true},
		"a condition's literal":   {old: `"x"`, now: `"y"`, connector: true},
		"a condition's operator":  {old: `[0] > 1`, now: `[0] >= 1`, connector: true},
		"a condition's index":     {old: `a[0]`, now: `a[1]`, connector: true},
		"a condition's function":  {old: `upper(`, now: `lower(`, connector: true},
		"precedence":              {old: `event.kind == "x" && (true || event.data.a[0] > 1)`, now: `event.kind == "x" && true || event.data.a[0] > 1`, connector: true},
		"a card's text":           {old: `text  = "B"`, now: `text  = "C"`, connector: true},
		"a fact's name":           {old: `fact "F"`, now: `fact "G"`, connector: true},
		"the order of channels":   {old: `[channel.a, channel.b]`, now: `[channel.b, channel.a]`, connector: true},
		"a route more":            {old: "  route {\n    to = [channel.b]\n  }", now: "  route {\n    to = [channel.b]\n  }\n  route {\n    to = [channel.b]\n  }", connector: true},
	}
	workplace(t)
	before := mustDecode(t, fingerprinted)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.old != "" && !strings.Contains(fingerprinted, test.old) {
				t.Fatal("the test changes nothing")
			}
			after := mustDecode(t, strings.Replace(fingerprinted, test.old, test.now, 1))
			if got := before.Channels[0].Fingerprint != after.Channels[0].Fingerprint; got != test.channel {
				t.Errorf("channel changed: %v", got)
			}
			if got := before.Connectors[0].Fingerprint != after.Connectors[0].Fingerprint; got != test.connector {
				t.Errorf("connector changed: %v", got)
			}
			if before.Channels[1].Fingerprint != after.Channels[1].Fingerprint {
				t.Error("a channel changed that nothing was done to")
			}
		})
	}
}

// TestAChannelDependsOnThePeopleOfItsConnectors, so that one that joins later is
// called too, when people can be called there at all.
func TestAChannelDependsOnThePeopleOfItsConnectors(t *testing.T) {
	const (
		channels = "channel \"a\" {\n  type = \"teams\"\n  url = \"https://flows.example/x\"\n}\nchannel \"b\" {\n  type = \"inbox\"\n}\n"
		people   = "people \"kitchen\" {\n  login \"ada\" {\n    teams = \"ada@example.com\"\n  }\n}\n"
		one      = "connector \"kitchen\" \"one\" {\n  token = \"x\"\n  route { to = [channel.a, channel.b] }\n}\n"
	)
	two := strings.Replace(one, `"one"`, `"two"`, 1)
	workplace(t)
	for _, test := range []struct {
		name, before, after string
		channel             bool
	}{
		{"people", one, one + people, true},
		{"a connector of theirs", one + people, one + two + people, true},
		{"a connector of others", one, one + two, false},
		{"people of no connector", one, one + strings.Replace(people, "kitchen", "garage", 1), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, after := mustDecode(t, channels+test.before), mustDecode(t, channels+test.after)
			if got := before.Channels[0].Fingerprint != after.Channels[0].Fingerprint; got != test.channel {
				t.Errorf("the channel changed: %t", got)
			}
			if before.Channels[1].Fingerprint != after.Channels[1].Fingerprint {
				t.Error("the inbox changed, where nobody is called")
			}
		})
	}
}
