package relay

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/plan"
)

// strangers puts plugins into the directory beside a configuration that no connector
// needs: one that never starts, one that ends at once, one with the name of another, and
// one that cannot be named at all.
func strangers(t *testing.T, config string) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(config), "plugins.d")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{"hangs": "exec sleep 1000", "ends": "echo the library is gone >&2\nexit 3", "webhook": "exit 4", "strange \xff\n": "exit 5"} {
		if err := os.WriteFile(filepath.Join(dir, "relay-plugin-"+name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAPluginThatNobodyNeedsKeepsNoRelayFromRunning, whether it is there at the start or
// comes with a reload, and the status says what is wrong with it.
func TestAPluginThatNobodyNeedsKeepsNoRelayFromRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.hcl")
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	strangers(t, path)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	r, err := Start(t.Context(), Options{Config: path, Log: log, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	}()
	for _, p := range r.host.Status() {
		if p.Name == "hangs" && (p.Problem != "" || p.Running) {
			t.Errorf("the relay has waited for the plugin: %+v", p)
		}
	}
	takes(t, r, "ci", "dev")
	if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	takes(t, r, "new", "new")
	soon(t, "the status tells of the plugin", func() bool {
		s, err := r.desk.Status(t.Context())
		return err == nil && strings.Contains(strings.Join(s.Problems, "\n"), "plugin ends: before it was ready, it ended (exit status 3); its last words: the library is gone")
	})
	look(t, r).agrees(t, `two plugins are named "webhook"`, true)
	look(t, r).agrees(t, "a plugin's name has only lower-case letters", true)
	soon(t, "the log tells of it", func() bool {
		b, err := os.ReadFile(log.Name())
		return err == nil && strings.Contains(string(b), `"plugin":"ends","error":"before it was ready`)
	})
}

// TestValidationWarnsOfAPluginThatNobodyNeeds.
func TestValidationWarnsOfAPluginThatNobodyNeeds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.hcl")
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	strangers(t, path)
	if err := os.Remove(filepath.Join(filepath.Dir(path), "plugins.d", "relay-plugin-hangs")); err != nil {
		t.Fatal(err)
	}
	var warnings strings.Builder
	if _, err := plan.Validate(t.Context(), path, "test", &warnings); err != nil {
		t.Fatal(err)
	}
	if got := warnings.String(); !strings.Contains(got, `plugin "ends": before it was ready`) || !strings.Contains(got, "No connector needs it") {
		t.Errorf("it warns: %q", got)
	}
}

// TestAReloadOverATakenPortSaysSo where validation has nothing to say.
func TestAReloadOverATakenPortSaysSo(t *testing.T) {
	r, _, rewrite := running(t, before, nil)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().String()
	for text, want := range map[string]string{
		strings.Replace(before, `relay { listen = "127.0.0.1:0" }`, `relay { listen = "`+taken+`" }`, 1): "address already in use",
		"channel {": "invalid configuration, nothing has changed; see `relay validate`",
	} {
		rewrite(text)
		if _, err := r.Reload(t.Context()); err == nil {
			t.Fatal("the reload went well")
		}
		s, err := r.desk.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told := strings.Join(s.Problems, "\n")
		if !strings.Contains(told, want) || strings.Contains(told, "validate") != strings.Contains(want, "validate") {
			t.Errorf("want %q, the status says %q", want, told)
		}
	}
}
