package main

import (
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/store"
)

// sender is a client library with the settings that make it post to a hook, and what
// kind of payload that is.
type sender struct {
	name string
	// address is what its user sets; PATH is the hook's, and TOKEN the end of that.
	address string
	kind    string
}

// teamsPath is the path of a Teams webhook, which shoutrrr builds by itself, and
// teamsAddress what makes it do so.
const (
	teamsPath    = "/webhookb2/11111111-1111-4111-8111-111111111111@22222222-2222-4222-8222-222222222222/IncomingWebhook/33333333333333333333333333333333/44444444-4444-4444-8444-444444444444"
	teamsAddress = "teams://11111111-1111-4111-8111-111111111111@22222222-2222-4222-8222-222222222222/33333333333333333333333333333333/44444444-4444-4444-8444-444444444444"
)

// alertWords are what the alert that they send says.
func alertWords() []string {
	return []string{"DiskFull", "critical", "The disk of db1 is full", "https://example.com/runbook"}
}

// senders are the libraries that scripts/senders holds. What their addresses look like
// is in the README.
func senders() []sender {
	return []sender{
		{"go-teams-notify card", "https://relay.example.com/PATH/x.webhook.office.com", "card"},
		{"go-teams-notify adaptive", "https://relay.example.com/PATH/x.webhook.office.com", "adaptive"},
		{"notifications-engine teams", "https://relay.example.com/PATH", "card"},
		{"notifications-engine webhook", "https://relay.example.com/PATH", "slack"},
		{"slack-go", "https://relay.example.com/PATH", "slack"},
		{"shoutrrr", teamsAddress + "?host=relay.example.com", "card"},
		{"shoutrrr", "mattermost://relay@relay.example.com/TOKEN", "slack"},
		{"shoutrrr", "rocketchat://relay@relay.example.com/TOKEN/x", "slack"},
		{"shoutrrr", "generic://relay.example.com/PATH?contenttype=text/plain", "text"},
		{"shoutrrr", "generic://relay.example.com/PATH?template=json", "card"},
		{"shoutrrr fork", teamsAddress + "/V2x?host=acme.webhook.office.com", "card"},
		{"shoutrrr fork", "mattermost://relay@LISTEN/TOKEN?disabletls=yes", "slack"},
		{"shoutrrr fork", "rocketchat://relay@relay.example.com/TOKEN/x", "slack"},
		{"shoutrrr fork", "generic://relay.example.com/PATH", "text"},
		{"shoutrrr fork", "generic://relay.example.com/PATH?template=json", "card"},
	}
}

// hooksConfig has a channel for Teams and one for Slack, to which connectors lead.
const hooksConfig = `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "teams" {
  type = "teams"
  url  = "CHATS/teams/"
  rate = "1000/s"
}
channel "slack" {
  type = "slack"
  url  = "CHATS/slack/"
  rate = "1000/s"
}
`

const sendersConfig = hooksConfig + `
connector "webhook" "alerts" {
  path = "PATH"
  route { to = [channel.teams, channel.slack] }
}
connector "webhook" "fork" {
  path = "PATH/V2x"
  route { to = [channel.teams, channel.slack] }
}
`

// TestSendersSeeThatTheirCardsAreTaken has the senders' own client libraries post an
// alert, as their users would set them up. The library itself says whether it arrived,
// and what it said is on the card.
func TestSendersSeeThatTheirCardsAreTaken(t *testing.T) {
	program := filepath.Join(t.TempDir(), "senders")
	build(t, filepath.Join("..", "..", "scripts", "senders"), program, ".")
	c := newChats(t)
	p := startRelay(t, writeConfig(t, strings.NewReplacer("CHATS", c.URL, "PATH", teamsPath).Replace(sendersConfig)))
	hook, err := url.Parse(p.hook("alerts"))
	if err != nil {
		t.Fatal(err)
	}
	front := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: hook.Host})
	proxy, ca := newProxy(t, front, "relay.example.com", "acme.webhook.office.com")
	path := strings.TrimPrefix(hook.Path, "/")
	for i, s := range senders() {
		address := strings.NewReplacer("PATH", path, "TOKEN", strings.TrimPrefix(path, "hooks/"), "LISTEN", hook.Host).Replace(s.address)
		cmd := exec.CommandContext(t.Context(), program, s.name, address)
		cmd.Env = append(os.Environ(), "HTTPS_PROXY="+proxy, "SSL_CERT_FILE="+ca)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s to %s: %v\n%s", s.name, s.address, err, out)
		}
		events, err := p.client.Events(t.Context(), store.EventFilter{})
		if err != nil || len(events) != i+1 || s.kind != "" && events[0].Kind != s.kind {
			t.Fatalf("%s to %s: want one more event, of kind %s: %v, %v", s.name, s.address, s.kind, events, err)
		}
		for _, channel := range []string{"teams", "slack"} {
			p.eventually(channel+" has the card", func() bool { return len(c.arrived(channel)) > i })
			says(t, s.name+" in "+channel, c.arrived(channel)[i], alertWords()...)
		}
	}
	for _, fault := range c.faults {
		t.Error(fault)
	}
}

// build builds a program of another module.
func build(t *testing.T, module, program, what string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", program, what)
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s of %s: %v\n%s", what, module, err, out)
	}
}

// says checks that a body has words in it.
func says(t *testing.T, what, body string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(body, word) {
			t.Errorf("%s does not say %q: %s", what, word, body)
		}
	}
}
