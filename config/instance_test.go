package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

func TestLocalsAndForEach(t *testing.T) {
	source, err := os.ReadFile("testdata/valid/locals-and-for-each.hcl")
	if err != nil {
		t.Fatal(err)
	}
	workplace(t)
	c := mustDecode(t, string(source))
	var channels, connectors []string
	for _, ch := range c.Channels {
		channels = append(channels, ch.Name)
	}
	for _, cn := range c.Connectors {
		connectors = append(connectors, fmt.Sprint(cn.Name, cn.Routes[0].To))
	}
	if diff := cmp.Diff([]string{"lobby", "team-blue", "team-red"}, channels); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"repository-docs[team-blue team-red lobby]", "repository-relay[team-blue team-red lobby]",
		"build-blue[team-blue]", "build-red[team-red]", "chat-blue[team-blue]", "chat-red[team-red]",
	}, connectors); diff != "" {
		t.Error(diff)
	}
	if c.Relay.Ops != "team-red" || c.Channels[1].Team != "" || c.Channels[2].Team != "red" || !slices.Equal(c.Teams[0].Members, []string{"lead@example.com"}) {
		t.Errorf("ops %q, channels %+v, teams %v", c.Relay.Ops, c.Channels, c.Teams)
	}
	if url, err := c.Channels[2].Settings.URL().Reveal(); err != nil || url != os.Getenv("RELEASES_WEBHOOK_URL") {
		t.Errorf("the URL of team-red is wrong (%v)", err)
	}
	if diff := cmp.Diff([]string{"red"}, c.Was("channel", "team-red")); diff != "" {
		t.Error(diff)
	}
	if got := c.Was("connector", "repository-docs"); !slices.Equal(got, []string{"repository-site"}) {
		t.Errorf("the connector was %v", got)
	}
	route := c.Connectors[0].Routes[0]
	e := event.Event{Kind: "push", Card: card.Card{Title: "Hello"}, Data: []byte(`{"name": "x"}`)}
	if res := route.Apply("docs", e); !res.Matched || res.Card.Title != "docs: Hello" {
		t.Errorf("result: %+v", res)
	}
	e.Data = []byte(`{"name": "docs"}`)
	if res := route.Apply("docs", e); res.Matched || res.Failed {
		t.Errorf("result: %+v", res)
	}
}

// A file's secret is read again at each use, however its value gets to where it is used.
func TestRotationReachesThroughLocalsAndForEach(t *testing.T) {
	workplace(t)
	c := mustDecode(t, `
locals {
  rotating = file("secrets/rotating-token")
  keyring  = { first = { token = local.rotating } }
  by_name  = { two = { token = file("secrets/rotating-token") } }
}
channel "a" { type = "inbox" }
connector "kitchen" "local" {
  token = local.keyring.first.token
  route { to = [channel.a] }
}
connector "kitchen" "index" {
  for_each = toset(["two"])
  token    = local.by_name[each.key].token
  route { to = [channel.a] }
}
connector "kitchen" "each" {
  for_each = { one = { token = file("secrets/rotating-token") } }
  token    = each.value.token
  tokens   = ["x", each.value.token]
  route { to = [channel.a] }
}`)
	if err := os.WriteFile("secrets/rotating-token", []byte("canary-after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cn := range c.Connectors {
		for _, value := range cn.Arguments.Secrets() {
			if got, err := value.Reveal(); err != nil || got != "canary-after" && got != "x" {
				t.Errorf("%s still has the old token (%v)", cn.Name, err)
			}
		}
	}
}

// What comes from env stays secret wherever it goes, also once the relay runs.
func TestSecretsStaySecretThroughLocals(t *testing.T) {
	workplace(t)
	f, c, diags := decode(t, `
locals {
  token = env("CANARY")
  plain = "canary-in-the-file"
  all   = { inner = [local.token] }
}
channel "a" { type = "inbox" }
connector "kitchen" "c" {
  for_each = { one = local.all.inner[0] }
  token    = local.plain
  level    = "low"
  names    = ["canary-in-the-file"]
  route {
    when = parseint(event.key, 10) > 1 && parseint(each.value, 10) == 1
    to   = [channel.a]
  }
}`)
	checkShown(t, f, diags)
	if !diags.HasErrors() {
		t.Error("a text is no number")
	}
	for _, r := range c.Connectors[0].Routes {
		res := r.Apply("c", event.Event{Key: "2"})
		if !res.Failed || strings.Contains(res.Reason, "canary") {
			t.Errorf("result: %+v", res)
		}
	}
	for _, line := range c.Files[0].Lines {
		if strings.Contains(line, "canary") {
			t.Errorf("a secret is shown: %s", line)
		}
	}
}

// A reload notices what changes in a connector although its block stays the same.
func TestFingerprintsFollowLocalsAndForEach(t *testing.T) {
	workplace(t)
	const source = `
locals {
  kind = "%s"
  rest = [channel.a]
}
channel "a" { type = "inbox" }
connector "kitchen" "c" {
  for_each = { one = "%s", two = "same" }
  token    = "x"
  route {
    when = event.kind == local.kind && event.key != each.value
    to   = local.rest
    card { title = length(local.rest) > 1 ? "many" : each.key }
  }
}`
	prints := func(kind, value string) []string {
		c := mustDecode(t, fmt.Sprintf(source, kind, value))
		return []string{c.Connectors[0].Fingerprint, c.Connectors[1].Fingerprint}
	}
	first := prints("a", "b")
	if diff := cmp.Diff(first, prints("a", "b")); diff != "" {
		t.Errorf("nothing has changed:\n%s", diff)
	}
	if other := prints("a", "c"); other[0] == first[0] || other[1] != first[1] {
		t.Error("a value of for_each changes one of two connectors")
	}
	if other := prints("b", "b"); other[0] == first[0] || other[1] == first[1] {
		t.Error("a local changes both connectors")
	}
}

func TestAsManyInstancesAsThereMayBe(t *testing.T) {
	workplace(t)
	c := mustDecode(t, `
locals {
  rooms = { for n in range(1000) : "n${n}" => { title = "Room ${n}" } }
}
channel "room" {
  for_each = local.rooms
  type     = "office365"
  url      = "https://example.com/hooks/0123456789abcdef/${each.key}"
}
connector "kitchen" "room" {
  for_each = local.rooms
  token    = "Bearer ${local.rooms[each.key].title}"
  route {
    when = event.kind == local.rooms[each.key].title
    to   = [channel.room[each.key]]
  }
}`)
	if len(c.Channels) != 1000 || len(c.Connectors) != 1000 {
		t.Errorf("%d channels, %d connectors", len(c.Channels), len(c.Connectors))
	}
}
