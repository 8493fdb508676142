package config

import (
	"bytes"
	"os"
	"testing"

	"github.com/connector-relay/relay/relay/chat/systems"
)

// FuzzParse feeds both phases with anything. They must not panic, all they find
// must lie inside of the file, and what has no errors must stay so when it is
// formatted.
func FuzzParse(f *testing.F) {
	for dir, least := range map[string]int{"valid": 5, "invalid": 40, "warned": 8} {
		for _, source := range fixtures(f, dir, least) {
			f.Add([]byte(source))
		}
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		workplace(t)
		if err := os.WriteFile("relay.hcl", source, 0o600); err != nil {
			t.Fatal(err)
		}
		file, diags := Parse(Options{Path: "relay.hcl", Systems: systems.All()})
		config, more := file.Decode(connectorTypes())
		diags = append(diags, more...)
		for _, d := range diags {
			if d.Subject == nil || d.Subject.Filename != "relay.hcl" || d.Subject.Start.Byte < 0 || d.Subject.Start.Byte > len(source) {
				t.Errorf("not in the file: %#v", d)
			}
		}
		var shown bytes.Buffer
		if err := file.WriteDiagnostics(&shown, diags, 78, true); err != nil {
			t.Error(err)
		}
		file.Warnings(diags)
		if diags.HasErrors() {
			return
		}
		for _, c := range config.Connectors {
			if _, err := c.Arguments.Encode(); err != nil {
				t.Error(err)
			}
		}
		if err := os.WriteFile("relay.hcl", Format(source), 0o600); err != nil {
			t.Fatal(err)
		}
		again, diags := Parse(Options{Path: "relay.hcl", Systems: systems.All()})
		if err := again.Error(diags); err != nil {
			t.Errorf("valid before it was formatted: %v", err)
		}
	})
}
