package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

// connectorTypes stand for what plugins declare.
func connectorTypes() map[string]connector.Type {
	return map[string]connector.Type{
		"rss": {
			Description: connector.Description{Type: "rss", Kinds: []connector.Kind{{
				Name: "entry",
				Sample: event.Event{
					Key: "1", Kind: "entry", Card: card.Card{Title: "A title", Text: "A text"},
					Data: []byte(`{"entry": {"title": "A title", "tags": ["a"]}}`),
				},
			}}},
			Polls: true,
			Arguments: []connector.Argument{
				{Name: "url", Type: of(connector.ValueString), Required: true, Doc: "The feed's address."},
				{Name: "initial", Type: of(connector.ValueNumber), Default: "0", Doc: "How many entries to post at first."},
			},
		},
		"webhook": {
			Description: connector.Description{Type: "webhook", Kinds: []connector.Kind{{Name: "post"}}},
			Receives:    true,
			Arguments: []connector.Argument{
				{Name: "title", Type: of(connector.ValueString)},
				{Name: "image", Type: of(connector.ValueString)},
				{Name: "accept", Type: of(connector.ValueString), Default: `"card"`, Allowed: []string{"card", "json"}},
			},
		},
		"github": {
			Description: connector.Description{Type: "github", Kinds: []connector.Kind{{Name: "release"}, {Name: "push"}, {Name: "pull_request"}}},
			Polls:       true, Receives: true,
			Arguments: []connector.Argument{
				{Name: "repository", Type: of(connector.ValueString), Required: true},
				{Name: "token", Type: of(connector.ValueString), Secret: true},
				{Name: "secret", Type: of(connector.ValueString), Secret: true},
			},
		},
		"kitchen": {
			Description: connector.Description{Type: "kitchen"},
			Polls:       true,
			Arguments: []connector.Argument{
				{Name: "token", Type: of(connector.ValueString), Required: true, Secret: true, Doc: "What to sign in with."},
				{Name: "tokens", Type: listOf(of(connector.ValueString)), Secret: true},
				{Name: "keyring", Type: mapOf(of(connector.ValueString)), Secret: true},
				{Name: "pins", Type: listOf(of(connector.ValueNumber)), Secret: true},
				{Name: "credentials", Type: of(connector.ValueAny), Secret: true},
				{Name: "count", Type: of(connector.ValueNumber), Default: "3", Doc: "How many."},
				{Name: "on", Type: of(connector.ValueBool), Default: "true"},
				{Name: "level", Type: of(connector.ValueString), Default: `"high"`, Allowed: []string{"high", "low"}},
				{Name: "names", Type: listOf(of(connector.ValueString)), Default: `["a"]`},
				{Name: "numbers", Type: mapOf(of(connector.ValueNumber))},
				{Name: "object", Type: shelf()},
				{Name: "objects", Type: listOf(shelf())},
				{Name: "free", Type: of(connector.ValueAny), Default: `{"a": [1, "b"]}`},
			},
		},
		"faulty": {
			Description: connector.Description{Type: "faulty"},
			Polls:       true,
			Arguments: []connector.Argument{
				{Name: "b", Type: of(connector.ValueNumber), Default: `"x"`},
			},
		},
	}
}

func of(kind connector.ValueKind) connector.ValueType { return connector.ValueType{Kind: kind} }

func listOf(element connector.ValueType) connector.ValueType {
	return connector.ValueType{Kind: connector.ValueList, Element: &element}
}

func mapOf(element connector.ValueType) connector.ValueType {
	return connector.ValueType{Kind: connector.ValueMap, Element: &element}
}

func shelf() connector.ValueType {
	return connector.ValueType{Kind: connector.ValueObject, Attributes: []connector.Argument{
		{Name: "name", Type: of(connector.ValueString), Required: true, Doc: "What it is called."},
		{Name: "size", Type: of(connector.ValueNumber), Default: "1"},
		{Name: "colour", Type: of(connector.ValueString), Allowed: []string{"red", "green"}},
	}}
}

// workplace makes a directory with the files and variables that fixtures refer to,
// and enters it.
func workplace(t testing.TB) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, value := range map[string]string{
		"RELEASES_WEBHOOK_URL": "https://flows.example.com/workflows/canary-releases?sig=canary",
		"SLACK_WEBHOOK_URL":    "https://hooks.example.com/canary-slack",
		"GITHUB_TOKEN":         "canary-github-token", "GITHUB_WEBHOOK_SECRET": "canary-github-secret",
		"CANARY": "canary-value-of-a-variable", "HASH": "$argon2id$v=19$m=19456,t=2,p=1$Y2FuYXJ5Y2FuYXJ5$Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5", "EMPTY": "", "HTTPS_PROXY": "",
	} {
		t.Setenv(name, value)
	}
	for name, f := range map[string]struct {
		content string
		mode    os.FileMode
	}{
		"secrets/group-url":      {"https://outlook.example.com/canary-group\n", 0o600},
		"secrets/canary":         {"canary-content-of-a-file\n", 0o600},
		"bin/relay-plugin-acme":  {"#!/bin/sh\n", 0o755},
		"secrets/rotating-token": {"canary-before\n", 0o600},
		"tls/encrypted.key":      {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nY2FuYXJ5\n-----END ENCRYPTED PRIVATE KEY-----\n", 0o600},
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(f.content), f.mode); err != nil {
			t.Fatal(err)
		}
	}
	authority := trusttest.New(t)
	authority.Issue(t, "client", "tls/client.pem", "tls/client.key")
	authority.Issue(t, "other", "tls/other.pem", "tls/other.key")
	copyFile(t, "tls/client.key", "tls/open.key", 0o644)
}

// write makes source the configuration of the workplace. A first line with
// "# chmod 644" makes it readable for everybody.
func write(t testing.TB, source string) {
	t.Helper()
	if err := os.WriteFile("relay.hcl", []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	mode := os.FileMode(0o600)
	if strings.HasPrefix(source, "# chmod 644\n") {
		mode = 0o644
	}
	if err := os.Chmod("relay.hcl", mode); err != nil {
		t.Fatal(err)
	}
}

// decode runs both phases on a configuration.
func decode(t testing.TB, source string) (*File, *Config, hcl.Diagnostics) {
	t.Helper()
	write(t, source)
	f, diags := Parse(Options{Path: "relay.hcl", Systems: systems.All()})
	c, more := f.Decode(connectorTypes())
	return f, c, append(diags, more...)
}

// mustDecode is decode for a configuration without errors.
func mustDecode(t testing.TB, source string) *Config {
	t.Helper()
	f, c, diags := decode(t, source)
	if err := f.Error(diags); err != nil {
		t.Fatal(err)
	}
	return c
}

// fixtures reads testdata/dir/*.hcl before the working directory changes.
func fixtures(t testing.TB, dir string, least int) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", dir, "*.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < least {
		t.Fatalf("testdata/%s has %d fixtures, want at least %d", dir, len(paths), least)
	}
	sources := make(map[string]string)
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources[strings.TrimSuffix(filepath.Base(path), ".hcl")] = string(src)
	}
	return sources
}

// render writes diagnostics as a person sees them.
func render(t testing.TB, f *File, diags hcl.Diagnostics) string {
	t.Helper()
	var b strings.Builder
	if err := f.WriteDiagnostics(&b, diags, 78, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// checkShown checks what holds for all diagnostics: a place in the file, words that
// say what and what to do, and no secret.
func checkShown(t testing.TB, f *File, diags hcl.Diagnostics) string {
	t.Helper()
	for _, d := range diags {
		if d.Subject == nil || d.Subject.Filename != "relay.hcl" {
			t.Errorf("no place in the file: %v", d)
		} else if d.Subject.End.Byte > len(f.text("relay.hcl")) || d.Subject.Start.Byte > d.Subject.End.Byte {
			t.Errorf("not inside of the file: %v", d)
		}
		if d.Summary == "" || d.Detail == "" || !strings.HasSuffix(strings.TrimSpace(d.Detail), ".") && !strings.HasSuffix(d.Detail, "?") && !strings.HasSuffix(d.Detail, "}.") {
			t.Errorf("not a sentence: %q: %q", d.Summary, d.Detail)
		}
		if strings.Contains(strings.ToLower(d.Error()), "canary") && !strings.Contains(d.Error(), `"CANARY"`) {
			t.Errorf("a secret is shown: %v", d)
		}
	}
	shown := render(t, f, diags)
	for line := range strings.SplitSeq(shown, "\n") {
		if strings.Contains(strings.ReplaceAll(line, "secrets/canary", ""), "canary") || strings.Contains(line, "CANARY-LIT") {
			t.Errorf("a secret is shown: %s", line)
		}
	}
	for _, w := range f.Warnings(diags) {
		if strings.Contains(w, "canary") || strings.Contains(w, "\n") {
			t.Errorf("unfit warning: %s", w)
		}
	}
	return shown
}

func TestInvalid(t *testing.T) {
	dir := root(t)
	for name, source := range fixtures(t, "invalid", 40) {
		t.Run(name, func(t *testing.T) {
			workplace(t)
			f, _, diags := decode(t, source)
			if !diags.HasErrors() {
				t.Errorf("there is no error; diagnostics: %v", diags)
			}
			golden.Assert(t, checkShown(t, f, diags), filepath.Join(dir, "testdata", "invalid", name+".golden"))
		})
	}
}

func TestWarned(t *testing.T) {
	dir := root(t)
	for name, source := range fixtures(t, "warned", 8) {
		t.Run(name, func(t *testing.T) {
			workplace(t)
			f, _, diags := decode(t, source)
			if diags.HasErrors() || len(diags) == 0 {
				t.Errorf("want warnings only, got %v", diags)
			}
			golden.Assert(t, checkShown(t, f, diags), filepath.Join(dir, "testdata", "warned", name+".golden"))
		})
	}
}

func TestValid(t *testing.T) {
	sources := fixtures(t, "valid", 5)
	first, err := os.ReadFile("../relay.hcl")
	if err != nil {
		t.Fatal(err)
	}
	sources["the one at the root"] = string(first)
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			workplace(t)
			f, _, diags := decode(t, source)
			for _, d := range diags {
				if name != "design" || d.Severity == hcl.DiagError {
					t.Error(render(t, f, hcl.Diagnostics{d}))
				}
			}
		})
	}
}
