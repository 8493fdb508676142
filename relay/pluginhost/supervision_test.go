package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

func ignore(context.Context, event.Batch) error { return nil }

// alive reports whether a process exists and is no zombie.
func alive(pid int) bool {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !os.IsNotExist(err)
	}
	_, state, _ := strings.Cut(string(status), ") ")
	return !strings.HasPrefix(state, "Z")
}

// state is a process's, as the kernel writes it; empty when there is none.
func state(pid int) string {
	status, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	_, after, _ := strings.Cut(string(status), ") ")
	return after[:min(1, len(after))]
}

func receive(t testing.TB, h *Host, src Call, r Request) Reply {
	t.Helper()
	reply, err := h.Receive(t.Context(), src, r)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func number(t testing.TB, b []byte) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatalf("%q is not a number", b)
	}
	return n
}

func TestAPluginThatCrashesIsStartedAgainAndItsChildrenEnd(t *testing.T) {
	h, l := newHost(t, Options{limits: quick()})
	adopt(t, h, spec(t, "good"))
	first := h.Status()[0]
	child := number(t, receive(t, h, source(""), Request{Path: "/child"}).Body)
	if _, err := h.Poll(t.Context(), source("crash"), nil, ignore); connector.KindOf(err) != connector.KindTemporary ||
		!strings.Contains(err.Error(), "plugin good: during Poll, it ended (exit status 9)") {
		t.Errorf("the poll that crashed the plugin returned %v", err)
	}
	eventually(t, "the child is gone", func() bool { return !alive(child) })
	if _, err := h.Poll(t.Context(), source(""), nil, ignore); err != nil {
		t.Errorf("a poll during the restart waits for it, but returned %v", err)
	}
	second := h.Status()[0]
	if second.Generation != 2 || second.PID == first.PID || !second.Running || second.Problem != "" {
		t.Errorf("after the restart the status is %+v", second)
	}
	if !contains(l, `"the plugin does not run"`) {
		t.Error("the log does not tell of it")
	}
	eventually(t, "the tail of its log tells of both processes", func() bool {
		tail := fmt.Sprint(h.Log("good"))
		return strings.Count(tail, "the plugin runs as process") == 2 && strings.Contains(tail, "the plugin does not run: it ended (exit status 9); it is started again in 0s")
	})
}

func TestAPluginIsStartedAgainThoughTheTemporaryFilesWereTidiedUp(t *testing.T) {
	h, _ := newHost(t, Options{limits: quick()})
	adopt(t, h, spec(t, "good"))
	if err := os.RemoveAll(h.dir); err != nil {
		t.Fatal(err)
	}
	receive(t, h, source(""), Request{})
	_, _ = h.Receive(t.Context(), source(""), Request{Path: "/crash"})
	receive(t, h, source(""), Request{})
}

func TestAHungPluginIsEndedAndStartedAgain(t *testing.T) {
	h, _ := newHost(t, Options{limits: quick()})
	adopt(t, h, spec(t, "good"))
	first := h.Status()[0].PID
	_, err := h.Poll(t.Context(), source("stop"), nil, ignore)
	if err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("the poll of the stopped process returned %v", err)
	}
	eventually(t, "it runs again", func() bool { s := h.Status()[0]; return s.Running && s.PID != first })
	if alive(first) {
		t.Error("the hung process is still there")
	}
}

// notices collects what Notify is told.
type notices struct {
	mu   sync.Mutex
	list []Status
}

func (n *notices) add(s Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, s)
}

func (n *notices) all() []Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.list)
}

func TestAPluginThatKeepsFailingIsToldOnceAndItsRecoveryOnce(t *testing.T) {
	var told notices
	h, _ := newHost(t, Options{limits: quick(), Notify: told.add})
	s := spec(t, "crash-unless")
	flag := filepath.Join(t.TempDir(), "well")
	s.Env = append(s.Env, "WELL="+flag)
	adopt(t, h, s)
	eventually(t, "it is told", func() bool { return len(told.all()) == 1 })
	bad := told.all()[0]
	if bad.Running || bad.Generation < 3 || !strings.Contains(bad.Problem, "panic: the sky fell") || bad.Restart.IsZero() {
		t.Errorf("told %+v", bad)
	}
	generation := bad.Generation
	eventually(t, "it has failed more", func() bool { return h.Status()[0].Generation > generation+2 })
	if n := len(told.all()); n != 1 {
		t.Fatalf("told %d times while it failed", n)
	}
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it runs", func() bool { return h.Status()[0].Running })
	if n := len(told.all()); n != 1 {
		t.Fatal("it was told to be well before it lived a healthy while")
	}
	eventually(t, "it is told to be well", func() bool { return len(told.all()) == 2 })
	if good := told.all()[1]; !good.Running || good.Problem != "" {
		t.Errorf("told %+v", good)
	}
}

// TestAPluginThatIsKilledAgainAndAgainIsHardlyMissed: requests that come while the
// plugin is killed, or made to hang, are answered by the next generation; no restart
// waits for a backoff.
func TestAPluginThatIsKilledAgainAndAgainIsHardlyMissed(t *testing.T) {
	limits := quick()
	limits.Restarts, limits.Restart, limits.Await = 10, time.Hour, 20*time.Second
	h, _ := newHost(t, Options{limits: limits})
	adopt(t, h, spec(t, "good"))
	for n, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGKILL, syscall.SIGSTOP} {
		pid := h.Status()[0].PID
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
		// A signal takes a moment to arrive.
		eventually(t, "the signal has arrived", func() bool { s := state(pid); return s == "" || s == "T" || s == "Z" })
		receive(t, h, source(""), Request{})
		if s := h.Status()[0]; s.Generation != n+2 {
			t.Fatalf("after %d kills it is generation %d", n+1, s.Generation)
		}
	}
}

// TestARequestThatKillsThePluginIsHandedOverTwiceAtMost.
func TestARequestThatKillsThePluginIsHandedOverTwiceAtMost(t *testing.T) {
	limits := quick()
	limits.Restarts = 10
	h, _ := newHost(t, Options{limits: limits})
	adopt(t, h, spec(t, "good"))
	if _, err := h.Receive(t.Context(), source(""), Request{Path: "/crash"}); connector.KindOf(err) != connector.KindTemporary {
		t.Errorf("it returned %v", err)
	}
	receive(t, h, source(""), Request{})
	if s := h.Status()[0]; s.Generation != 3 {
		t.Errorf("it is generation %d", s.Generation)
	}
}

func TestRestartsThatComeTooOftenArePaced(t *testing.T) {
	limits := quick()
	limits.Restarts, limits.Restart, limits.Await = 3, time.Hour, 50*time.Millisecond
	h, _ := newHost(t, Options{limits: limits})
	adopt(t, h, spec(t, "crash-unless"))
	eventually(t, "it waits", func() bool {
		wait := time.Until(h.Status()[0].Restart)
		return wait > time.Minute && wait <= time.Hour
	})
	if s := h.Status()[0]; s.Generation != 4 {
		t.Errorf("it was started %d times", s.Generation)
	}
}

func TestACallOnADeadPluginReturnsAtItsTime(t *testing.T) {
	limits := quick()
	limits.Restart, limits.Await = time.Hour, 50*time.Millisecond
	h, _ := newHost(t, Options{limits: limits})
	adopt(t, h, spec(t, "good"))
	eventually(t, "it is down for long", func() bool {
		_, _ = h.Receive(t.Context(), source(""), Request{Path: "/crash"})
		return time.Until(h.Status()[0].Restart) > time.Minute
	})
	_, err := h.Receive(t.Context(), source(""), Request{})
	if connector.KindOf(err) != connector.KindTemporary || !strings.Contains(err.Error(), "plugin good does not run: it ended (exit status 9)") {
		t.Errorf("receive returned %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = h.Poll(ctx, source(""), nil, ignore); !errors.Is(err, context.Canceled) {
		t.Errorf("poll with an ended context returned %v", err)
	}
}

func TestNothingSurvivesAHostThatIsKilled(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "host")
	temp, err := os.MkdirTemp("", "o") //nolint:usetesting // the test's own directory is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	in, _ := cmd.StdinPipe()
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 256)
	var text string
	for strings.Count(text, "\n") < 2 {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("the host ended: %s %v", text, err)
		}
		text += string(buf[:n])
	}
	lines := strings.Split(text, "\n")
	plugin, child := number(t, []byte(lines[0])), number(t, []byte(lines[1]))
	if !alive(plugin) || !alive(child) {
		t.Fatal("the plugin or its child does not run")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "the plugin is gone", func() bool { return !alive(plugin) })
	eventually(t, "the plugin's child is gone", func() bool { return !alive(child) })
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestAPluginOutlivesTheSignalsOfItsGroup(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	pid := number(t, receive(t, h, source(""), Request{Path: "/pid"}).Body)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := syscall.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	receive(t, h, source(""), Request{Path: "/slow"})
	if s := h.Status()[0]; s.PID != pid || s.Generation != 1 {
		t.Errorf("it was started again: %+v", s)
	}
}
