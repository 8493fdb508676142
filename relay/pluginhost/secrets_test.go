package pluginhost

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestThePluginSeesNothingOfTheHostsEnvironment(t *testing.T) {
	t.Setenv("RELAY_CANARY", "canary-of-the-host")
	t.Setenv("TZ", "Europe/Berlin")
	h, _ := newHost(t, Options{})
	s := spec(t, "good")
	s.Env = append(s.Env, "ACME_REGION=eu")
	adopt(t, h, s)
	env := string(receive(t, h, source(""), Request{Path: "/env"}).Body)
	if strings.Contains(env, "canary") || !strings.Contains(env, "ACME_REGION=eu") {
		t.Errorf("the plugin's environment:\n%s", env)
	}
	for line := range strings.Lines(env) {
		name, _, ok := strings.Cut(line, "=")
		if ok && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" && !strings.HasPrefix(name, "PLUGIN_") && name != "RELAY_PLUGIN_COOKIE" && name != "ACME_REGION" && name != "GORACE" {
			t.Errorf("the plugin has %s", name)
		}
	}
	bundled, err := Bundled("rss")
	if err != nil {
		t.Fatal(err)
	}
	if env := strings.Join(bundled[0].Env, " "); !strings.Contains(env, "TZ=Europe/Berlin") || strings.Contains(env, "canary") {
		t.Errorf("a bundled plugin's environment: %s", env)
	}
}

func TestSecretsAreMaskedWhateverThePluginWrites(t *testing.T) {
	const canary = "s3cr3t-canary"
	mask := func(text string) string { return strings.ReplaceAll(text, canary, "[secret]") }
	h, l := newHost(t, Options{Mask: mask})
	adopt(t, h, spec(t, "good"))
	src := Call{Type: "good", Connector: "c", Arguments: []byte(`{"act":"unauthorised","secret":"` + canary + `"}`)}
	_, err := h.Poll(t.Context(), src, nil, ignore)
	if err == nil || err.Error() != "get: sign in again, [secret]" {
		t.Errorf("the error is %v", err)
	}
	receive(t, h, src, Request{Path: "/print", Body: []byte("plain " + canary)})
	_, _ = h.Receive(t.Context(), src, Request{Path: "/panic", Query: canary})
	eventually(t, "all is logged", func() bool {
		return contains(l, `"connector_secret":"[secret]"`, `"stream":"stdout"`, `"stream":"stderr"`, "plain [secret]", "a request it did not expect: [secret]")
	})
	if strings.Contains(l.String(), canary) {
		t.Errorf("the log shows the secret:\n%s", l)
	}
	tail := fmt.Sprint(h.Log("good"))
	for _, want := range []string{"the plugin runs as process", "plain [secret]", "connector_secret=[secret]", "a request it did not expect: [secret]"} {
		if !strings.Contains(tail, want) {
			t.Errorf("the tail does not say %q:\n%s", want, tail)
		}
	}
	if strings.Contains(tail, canary) {
		t.Errorf("the tail shows the secret:\n%s", tail)
	}
}

func TestAFloodOfOutputIsLimited(t *testing.T) {
	h, l := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	line := strings.Repeat("x", 2*maxLogLine)
	receive(t, h, source(""), Request{Path: "/print", Body: []byte(line + "\n" + strings.Repeat("flood\n", 20_000))})
	h.Close()
	if n := strings.Count(l.String(), `"flood"`); n == 0 || n > 2*lineBurst {
		t.Errorf("%d lines of the flood were logged", n)
	}
	if !contains(l, "lines were dropped") || strings.Contains(l.String(), strings.Repeat("x", maxLogLine+1)) {
		t.Error("the log does not tell of dropped lines, or holds an overlong one")
	}
	if tail, _ := h.Log("good"); len(tail) != tailLines || slices.ContainsFunc(tail, func(l LogLine) bool { return len(l.Text) > tailLine+len("…") }) {
		t.Errorf("the tail has %d lines, or an overlong one", len(tail))
	}
}

func TestALineThatIsNotALogEntryDoesNoHarm(t *testing.T) {
	h, l := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	lines := []string{`{"@message":1}`, `{"@message":"m","@level":3,"@timestamp":{}}`, `{"@message":"nested","level":"x","a":{"b":["c",1,null]}}`, `{`, "\x00\xff"}
	receive(t, h, source(""), Request{Path: "/print", Body: []byte(strings.Join(lines, "\n"))})
	eventually(t, "they are logged", func() bool { return contains(l, `"nested"`, `"level_":"x"`, `"a":{"b":["c",1,null]}`) })
	receive(t, h, source(""), Request{})
}

// TestAPluginsStatusTellsOfItsProcess.
func TestAPluginsStatusTellsOfItsProcess(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	s := h.Status()[0]
	if s.Version != "1.2.3" || s.Memory < 1<<20 || s.Memory > 1<<30 {
		t.Errorf("version %q, %d bytes of memory", s.Version, s.Memory)
	}
	if _, known := h.Log("unheard-of"); known {
		t.Error("a plugin that there is not has a log")
	}
}
