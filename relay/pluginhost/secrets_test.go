package pluginhost

import (
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
}

func TestALineThatIsNotALogEntryDoesNoHarm(t *testing.T) {
	h, l := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	lines := []string{`{"@message":1}`, `{"@message":"m","@level":3,"@timestamp":{}}`, `{"@message":"nested","level":"x","a":{"b":["c",1,null]}}`, `{`, "\x00\xff"}
	receive(t, h, source(""), Request{Path: "/print", Body: []byte(strings.Join(lines, "\n"))})
	eventually(t, "they are logged", func() bool { return contains(l, `"nested"`, `"level_":"x"`, `"a":{"b":["c",1,null]}`) })
	receive(t, h, source(""), Request{})
}
