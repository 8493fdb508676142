package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExitCodes are those that the README promises: 0 done, 1 failed, 2 wrong usage or
// invalid configuration.
func TestExitCodes(t *testing.T) {
	c := newChat(t)
	p := startRelay(t, writeConfig(t, `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "releases" {
  type = "office365"
  url  = "`+c.server.URL+`/office365/releases"
}
`))
	plugin := filepath.Join(t.TempDir(), "relay-plugin-acme")
	if err := os.WriteFile(plugin, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	pinned := writeConfig(t, "plugin \"acme\" {\n  path   = \""+plugin+"\"\n  sha256 = \""+strings.Repeat("0", 64)+"\"\n}\n")
	for _, tt := range []struct {
		want   int
		config string
		args   string
		room   string
	}{
		{want: exitDone, args: "status"},
		{want: exitDone, args: "send releases --title x"},
		{want: exitDone, args: "send releases --title x --wait 0", room: trouble500},
		{want: exitFailed, args: "send releases --title x --wait 200ms", room: trouble500},
		{want: exitFailed, args: "send releases --title x --wait 200ms --json", room: trouble500},
		{want: exitDone, args: "pause releases"},
		{want: exitFailed, args: "send releases --title x --wait 100ms"},
		{want: exitFailed, args: "send nowhere --title x"},
		{want: exitInvalid, args: "send releases"},
		{want: exitFailed, args: "dead-letters replay 999"},
		{want: exitFailed, args: "dead-letters replay 999 --json"},
		{want: exitFailed, args: "dead-letters dismiss 999"},
		{want: exitInvalid, args: "dead-letters replay nine"},
		{want: exitInvalid, args: "dead-letters replay"},
		{want: exitFailed, args: "explain 999"},
		{want: exitInvalid, args: "explain"},
		{want: exitInvalid, args: "stauts"},
		{want: exitInvalid, args: "status --nonsense"},
		{want: exitInvalid, args: "validate", config: pinned},
		{want: exitInvalid, args: "run", config: pinned},
	} {
		t.Run(tt.args, func(t *testing.T) {
			c.trouble("releases", func(int) string { return tt.room })
			config := tt.config
			if config == "" {
				config = p.config
			}
			var out, errOut strings.Builder
			if got := execute(t.Context(), append(strings.Fields(tt.args), "-c", config), strings.NewReader(""), &out, &errOut); got != tt.want {
				t.Errorf("it exits with %d, want %d\n%s%s", got, tt.want, &out, &errOut)
			}
		})
	}
	p.stop()
}
