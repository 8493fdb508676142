package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/api"
)

// slowAnswer is how long a slow room takes.
const slowAnswer = 50 * time.Millisecond

func afterSlow() <-chan time.Time { return time.After(slowAnswer) }

// process is a relay in a process of its own, with its plugins.
type process struct {
	t      testing.TB
	config string
	// command is what runs the relay, without its arguments.
	command []string
	// as is the user and group to run it as; nil means the test's own.
	as     *syscall.SysProcAttr
	cmd    *exec.Cmd
	log    *logBuffer
	client *api.Client
}

// logBuffer collects a process's output while it runs.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// writeConfig puts a configuration into a folder of its own and returns its path.
func writeConfig(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relay.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startRelay runs the real relay and waits until it answers.
func startRelay(t testing.TB, config string, env ...string) *process {
	t.Helper()
	p := newProcess(t, config, "relay")
	p.start(env...)
	return p
}

// startRelayAs runs the real relay by another command than its name alone.
func startRelayAs(t testing.TB, config string, command ...string) *process {
	t.Helper()
	p := newProcess(t, config, command...)
	p.start()
	return p
}

// newProcess is a relay that does not run yet.
func newProcess(t testing.TB, config string, command ...string) *process {
	p := &process{t: t, config: config, log: &logBuffer{}, command: command}
	p.client = api.Dial(strings.TrimSuffix(config, "relay.hcl") + "relay.sock")
	t.Cleanup(p.kill)
	return p
}

func (p *process) start(env ...string) {
	p.t.Helper()
	p.launch(env...)
	p.eventually("the relay answers", func() bool {
		_, err := p.client.Status(context.Background())
		return err == nil
	})
}

// launch starts the process and waits for nothing.
func (p *process) launch(env ...string) {
	p.t.Helper()
	p.cmd = exec.Command(p.command[0], append(p.command[1:], "run", "-c", p.config)...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = p.log, p.log, p.as
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the relay as a power cut would.
func (p *process) kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// stop ends the relay gracefully.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatalf("the relay did not stop cleanly: %v\n%s", err, p.log)
	}
}

// run runs another command of the relay against this process.
func (p *process) run(args ...string) (stdout, stderr string, err error) {
	var out, errOut bytes.Buffer
	cmd := exec.Command("relay", append(args, "-c", p.config)...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// hook returns a connector's hook URL, as a user gets it.
func (p *process) hook(connector string) string {
	p.t.Helper()
	url := hooksOf(p)[connector]
	if url == "" {
		p.t.Fatalf("connector %s has no hook", connector)
	}
	return url
}

// hooksOf returns the hook URLs by connector.
func hooksOf(p *process) map[string]string {
	p.t.Helper()
	out, errOut, err := p.run("connectors", "--json")
	if err != nil {
		p.t.Fatalf("relay connectors: %v\n%s", err, errOut)
	}
	var list []operator.Connector
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		p.t.Fatal(err)
	}
	return hooks(list)
}

// hooks are the connectors' hook URLs by name.
func hooks(list []operator.Connector) map[string]string {
	urls := make(map[string]string)
	for _, c := range list {
		urls[c.Name] = c.HookURL
	}
	return urls
}

// eventually waits for something to become true, and fails loudly when it does
// not within a generous time.
func (p *process) eventually(what string, ok func() bool) {
	p.t.Helper()
	eventually(p.t, what, ok, func() string { return p.log.String() })
}

func eventually(t testing.TB, what string, ok func() bool, context func() string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s\n%s", what, tail(context()))
}

// tail is the end of a long log.
func tail(s string) string {
	const keep = 8000
	if len(s) > keep {
		return "…" + s[len(s)-keep:]
	}
	return s
}
