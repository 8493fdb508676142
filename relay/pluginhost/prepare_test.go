package pluginhost

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/wire"
)

// children counts the processes whose parent this test is.
func children(t *testing.T) int {
	t.Helper()
	list, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range list {
		b, _ := os.ReadFile(path)
		n += len(strings.Fields(string(b)))
	}
	return n
}

func TestPrepareSaysWhatIsWrongAndLeavesNothing(t *testing.T) {
	pinned := spec(t, "good")
	sum := sha256.Sum256([]byte("another executable"))
	pinned.SHA256 = sum[:]
	missing := spec(t, "good")
	missing.Path = "/nowhere/relay-plugin-good"
	for _, c := range []struct {
		name  string
		specs []Spec
		want  string // a regular expression
	}{
		{"crash", []Spec{spec(t, "crash-at-start")}, `plugin "crash-at-start": before it was ready, it ended \(exit status 4\); its last words: cannot find the licence file`},
		{"version", []Spec{spec(t, "version-7")}, `it speaks version 7 of the plugin protocol, but this relay speaks 2: use an older plugin or a newer relay`},
		{"older version", []Spec{spec(t, "version-1")}, `it speaks version 1 of the plugin protocol, but this relay speaks 2: use a newer plugin or an older relay`},
		{"not a plugin", []Spec{spec(t, "not-a-plugin")}, `it does not speak the plugin protocol: its first line of output is "Hello! Usage: …"`},
		{"endless line", []Spec{spec(t, "endless-line")}, `its first line of output never ends`},
		{"hang", []Spec{spec(t, "hang-at-start")}, `it was not ready within 2s`},
		{"pin", []Spec{pinned}, `the checksum of \S+ is [0-9a-f]{64}, but the configuration pins ` + fmt.Sprintf("%x", sum) + `: if you changed the executable, change sha256 too`},
		{"missing", []Spec{missing}, `plugin "good": stat /nowhere/relay-plugin-good: no such file`},
		{"no types", []Spec{spec(t, "no-types")}, `its description is invalid: it implements no connector type`},
		{"bad schema", []Spec{spec(t, "bad-schema")}, `(?s)connector type "Bad Schema": the name must be.*argument "route": the name is reserved.*argument "n": its type is of kind 0, which this relay does not know.*argument "m": the default: it is not number`},
		{"deep type", []Spec{spec(t, "deep-type")}, `argument "a": its type is nested deeper than 20`},
		{"deeper type", []Spec{spec(t, "deeper-type")}, `plugin "deeper-type": Describe: .*exceeded maximum recursion depth`},
		{"two of a type", []Spec{spec(t, "good"), spec(t, "twin")}, `connector type "good" is implemented by two plugins, "good" and "twin"; remove one`},
		{"two of a name", []Spec{spec(t, "good"), {Name: "good", Path: "/bin/true"}}, `two plugins are named "good": \S+ and /bin/true; rename one`},
		{"all at once", []Spec{spec(t, "good"), spec(t, "crash-at-start"), spec(t, "version-7")}, `(?s)"crash-at-start".*\n.*"version-7"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			limits := quick()
			limits.Start = 2 * time.Second
			h, _ := newHost(t, Options{limits: limits})
			set, err := h.Prepare(t.Context(), c.specs)
			if err == nil || set != nil {
				t.Fatal("it succeeded")
			}
			if !regexp.MustCompile(c.want).MatchString(err.Error()) {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
			eventually(t, "no process is left", func() bool { return children(t) == 0 })
		})
	}
}

// TestWhatIsKilledBeforeItHasStartedDoesNotStay: a host that gives a plugin up while it
// starts must not wait until the start has failed by itself.
func TestWhatIsKilledBeforeItHasStartedDoesNotStay(t *testing.T) {
	s := spec(t, "hang-at-start")
	executable, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	defer executable.Close()
	p := newProcess(s, executable, func(start func() error) error { return start() }, newOutput(zerolog.Nop(), &tail{}, strings.Clone))
	p.prepare(nil)
	p.kill()
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it runs")
	}
}

func TestAPinThatMatchesRuns(t *testing.T) {
	s := spec(t, "good")
	b, err := os.ReadFile(s.Path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	s.SHA256 = sum[:]
	h, _ := newHost(t, Options{})
	adopt(t, h, s)
}

func TestASlowStartIsAwaited(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "slow-start"))
}

func TestTypesTellWhatThePluginDescribes(t *testing.T) {
	h, _ := newHost(t, Options{})
	set := adopt(t, h, spec(t, "good"))
	sample := tick(0)
	want := map[string]connector.Type{"good": {
		Description: connector.Description{
			Type: "good", Title: "Good", Summary: "A plugin for tests.", Version: "1.2.3",
			Kinds: []connector.Kind{{Name: "tick", Doc: "A tick.", Sample: sample}},
		},
		Polls: true, Receives: true,
		Arguments: []connector.Argument{
			{Name: "act", Type: connector.ValueType{Kind: connector.ValueString}},
			{Name: "secret", Type: connector.ValueType{Kind: connector.ValueString}, Secret: true},
			{Name: "count", Type: connector.ValueType{Kind: connector.ValueNumber}, Default: "3"},
		},
	}}
	if diff := cmp.Diff(want, set.Types()); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

func TestValidateReturnsThePluginsProblems(t *testing.T) {
	h, _ := newHost(t, Options{})
	set, err := h.Prepare(t.Context(), []Spec{spec(t, "good")})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Discard()
	for arguments, want := range map[string][]connector.Problem{
		`{}`:                         nil,
		`{"act":"invalid"}`:          {{Argument: "act", Message: "must not be that"}},
		`{"count":"x","colour":"y"}`: {{Argument: "colour", Message: "this argument does not exist; remove it"}, {Argument: "count", Message: "must be a number"}},
	} {
		got, err := set.Validate(t.Context(), Call{Type: "good", Connector: "c", Arguments: []byte(arguments)})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", arguments, err, diff)
		}
	}
	if _, err := set.Validate(t.Context(), Call{Type: "nope"}); connector.KindOf(err) != connector.KindMisconfigured {
		t.Errorf("an unknown type gave %v", err)
	}
}

func TestAdoptSharesWhatIsUnchangedAndEndsWhatIsNotNeeded(t *testing.T) {
	h, _ := newHost(t, Options{limits: quick()})
	adopt(t, h, spec(t, "good"), spec(t, "other"))
	before := h.Status()
	changed := spec(t, "other")
	changed.Env = append(changed.Env, "A=b")
	adopt(t, h, spec(t, "good"), changed)
	after := h.Status()
	if after[0].PID != before[0].PID || after[0].Generation != 1 {
		t.Errorf("the unchanged plugin was %+v and is %+v", before[0], after[0])
	}
	if after[1].PID == before[1].PID {
		t.Error("the changed plugin still is the same process")
	}
	eventually(t, "the process no longer needed ends", func() bool { return !alive(before[1].PID) })
	adopt(t, h)
	eventually(t, "all end", func() bool { return children(t) == 0 })
}

func TestAPluginNoLongerNeededEndsItsCallsFirst(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	failed := make(chan error, 1)
	go func() {
		_, err := h.Receive(t.Context(), source(""), Request{Path: "/slow"})
		failed <- err
	}()
	eventually(t, "the call is under way", func() bool { return callsUnderWay(h) > 0 })
	adopt(t, h)
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

func callsUnderWay(h *Host) int {
	n := 0
	for _, p := range h.current.Load().list() {
		p.mu.Lock()
		n += p.calls
		p.mu.Unlock()
	}
	return n
}

func TestDiscardEndsOnlyWhatItsSetLaunched(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	set, err := h.Prepare(t.Context(), []Spec{spec(t, "good"), spec(t, "other")})
	if err != nil {
		t.Fatal(err)
	}
	set.Discard()
	set.Discard()
	if n := children(t); n != 1 {
		t.Errorf("%d processes run, want the adopted one", n)
	}
	receive(t, h, source(""), Request{})
}

// openDir is a directory that other users can come into, so that the modes in it count.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDiscoverFindsExecutablesAndSaysWhichAreUnfit(t *testing.T) {
	dir := openDir(t)
	for name, mode := range map[string]os.FileMode{
		"relay-plugin-acme": 0o755, "relay-plugin-notes.txt": 0o644, "other": 0o755,
		"relay-plugin-open": 0o777, "relay-plugin-A b": 0o755, "relay-plugin-": 0o755,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere", filepath.Join(dir, "relay-plugin-dangling")); err != nil {
		t.Fatal(err)
	}
	specs, err := Discover(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, s := range specs {
		if got[s.Name] = "fit"; s.Unfit != nil {
			got[s.Name] = s.Unfit.Error()
		}
		if !s.Found || s.Path != filepath.Join(dir, prefix+s.Name) {
			t.Errorf("%s: %+v", s.Name, s)
		}
	}
	for name, want := range map[string]string{
		"acme": "fit", "open": "everybody can write to", "A b": `relay-plugin-A b: a plugin's name has only`, "": `relay-plugin-: a plugin's name`, "dangling": "no such file",
	} {
		if !strings.Contains(got[name], want) {
			t.Errorf("%q is %q, want %q", name, got[name], want)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("it also found %v", got)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if specs, err := Discover(dir); specs != nil || err == nil || !strings.Contains(err.Error(), "relay.plugin_dir: not private: everybody can write to "+dir) {
		t.Errorf("a directory to which everybody can add: %v, %v", specs, err)
	}
	for _, none := range []string{"", filepath.Join(dir, "nowhere")} {
		if specs, err := Discover(none); specs != nil || err != nil {
			t.Errorf("Discover(%q) = %v, %v", none, specs, err)
		}
	}
}

// TestWhatWasCheckedIsWhatRuns: a file that takes the executable's name between the
// check and the start is not run.
func TestWhatWasCheckedIsWhatRuns(t *testing.T) {
	dir := t.TempDir()
	s := spec(t, "good")
	b, err := os.ReadFile(s.Path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	s.Path, s.SHA256 = filepath.Join(dir, "plugin"), sum[:]
	if err := os.WriteFile(s.Path, b, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	other := filepath.Join(dir, "other")
	if err := errors.Join(os.WriteFile(other, []byte("#!/bin/sh\necho swapped\n"), 0o700), os.Rename(other, s.Path)); err != nil {
		t.Fatal(err)
	}
	p := newProcess(s, f, func(start func() error) error { return start() }, newOutput(zerolog.Nop(), &tail{}, func(text string) string { return text }))
	p.prepare([]string{wire.CookieName + "=" + wire.CookieValue})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(p.Stdout())
	p.kill()
	<-p.ended
	if !strings.Contains(p.problem, "AutoMTLS") { // which this test does not offer it
		t.Errorf("it is not the plugin that was checked: %s", p.problem)
	}
	if _, err := s.open(); err == nil || !strings.Contains(err.Error(), "the checksum of") {
		t.Errorf("the other file is opened: %v", err)
	}
}
