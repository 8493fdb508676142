package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTheSystemdUnitIsSound has systemd's own checker read the unit, with the secrets'
// lines that its head tells of, and judge how much a process in it is still free to do.
func TestTheSystemdUnitIsSound(t *testing.T) {
	b, err := os.ReadFile("../../scripts/systemd/relay.service")
	if err != nil {
		t.Fatal(err)
	}
	relay, err := exec.LookPath("relay")
	if err != nil {
		t.Fatal(err)
	}
	unit := string(b)
	if strings.Contains(unit, "\nType=notify-reload") {
		t.Error("systemd before 253 does not know notify-reload")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "relay.service")
	credential := "LoadCredential=releases-url:/etc/relay/secrets/releases-url"
	if !strings.Contains(unit, "#   "+credential) {
		t.Errorf("the head does not tell of %s", credential)
	}
	unit = strings.Replace(unit, "\n[Service]\n", "\n[Service]\n"+credential+"\n", 1)
	unit = strings.ReplaceAll(unit, "/usr/local/bin/relay", relay)
	if err := os.WriteFile(path, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", "--man=no", path},
		{"security", "--offline=true", "--threshold=20", "--no-pager", path},
	} {
		cmd := exec.Command("systemd-analyze", args...) //nolint:misspell // that is its name
		cmd.Env = append(os.Environ(), "SYSTEMD_LOG_LEVEL=warning", "XDG_RUNTIME_DIR="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("systemd's %s: %v\n%s", args[0], err, out)
		}
		if args[0] == "verify" && strings.Contains(string(out), "relay.service") {
			t.Errorf("systemd says\n%s", out)
		}
	}
}

// TestARunOnATerminalSaysWhereToLook, which a log for machines does not.
func TestARunOnATerminalSaysWhereToLook(t *testing.T) {
	screen, tty := terminal(t)
	cmd := exec.Command("relay", "run", "-c", writeConfig(t, serviceConfig))
	cmd.Stderr = tty
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	s := bufio.NewScanner(screen)
	for s.Scan() && !strings.Contains(s.Text(), "Ctrl-C stops it") {
		if _, address, found := strings.Cut(s.Text(), "The cards are at "); found {
			resp, err := http.Get(strings.TrimSpace(address))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
	}
	if !strings.Contains(s.Text(), "relay connectors") {
		t.Errorf("the screen ends with %q", s.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for s.Scan() { // so that it is not held up by a full screen
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
