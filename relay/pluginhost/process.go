package pluginhost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/connector-relay/relay/relay/connector/wire"
)

// process is one life of an executable. It replaces go-plugin's own runner, which
// passes on the relay's standard input, ends only the process and not what it started,
// and panics at certain lines on standard error.
type process struct {
	spec Spec
	// executable is the open file to run until the process has started; nil for a bundled
	// plugin.
	executable *os.File
	launch     func(func() error) error
	out        *output

	cmd       *exec.Cmd
	stdin     *os.File
	handshake *io.PipeReader

	// exited is closed when the process has ended, ended when its output has been read
	// too. Both stay open if it never ran.
	exited chan struct{}
	ended  chan struct{}

	mu      sync.Mutex
	started bool
	killed  bool // it must end, started or not
	reaped  bool
	exit    error  // how it ended; set before exited is closed
	problem string // what is wrong with its handshake
}

var _ runner.Runner = (*process)(nil)

func newProcess(spec Spec, executable *os.File, launch func(func() error) error, out *output) *process {
	return &process{spec: spec, executable: executable, launch: launch, out: out, exited: make(chan struct{}), ended: make(chan struct{})}
}

// prepare makes the command. Environment is go-plugin's and wins over the plugin's. The
// plugin's environment has nothing else, not even PATH: a plugin that runs other
// programs gets one from its plugin block.
func (p *process) prepare(environment []string) {
	path := p.spec.Path
	switch {
	case p.spec.Bundled:
		path = self(path)
	case !isScript(p.executable):
		path = opened(p.executable)
	}
	p.cmd = exec.Command(path, p.spec.Args...)
	p.cmd.Args[0] = p.spec.Path
	p.cmd.Env = append(append([]string{}, p.spec.Env...), environment...)
	isolate(p.cmd)
}

// Start implements [runner.Runner].
func (p *process) Start(context.Context) (err error) {
	var files []*os.File
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Close()
			}
		}
	}()
	pipe := func() (r, w *os.File) {
		if err == nil {
			if r, w, err = os.Pipe(); err == nil {
				files = append(files, r, w)
			}
		}
		return r, w
	}
	inR, inW := pipe()
	outR, outW := pipe()
	errR, errW := pipe()
	if err != nil {
		return fmt.Errorf("make pipes: %w", err)
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = inR, outW, errW
	if err := p.launch(p.cmd.Start); err != nil {
		return err
	}
	for _, f := range []*os.File{inR, outW, errW} {
		f.Close()
	}
	p.mu.Lock()
	p.started, p.stdin = true, inW
	if p.killed {
		killGroup(p.cmd.Process)
	}
	p.mu.Unlock()
	var handshake *io.PipeWriter
	p.handshake, handshake = io.Pipe()
	var reading sync.WaitGroup
	reading.Go(func() { p.readOutput(outR, handshake) })
	reading.Go(func() { p.out.lines("stderr").drain(errR) })
	go p.reap(&reading, outR, errR)
	return nil
}

// reap waits for the end of the process and cleans up after it.
func (p *process) reap(reading *sync.WaitGroup, pipes ...*os.File) {
	defer close(p.ended)
	awaitExit(p.cmd.Process.Pid)
	p.mu.Lock()
	killGroup(p.cmd.Process)
	p.exit = p.cmd.Wait()
	p.reaped = true
	p.mu.Unlock()
	close(p.exited)
	p.stdin.Close()
	// A descendant may have left the group and still hold the pipes.
	late := time.AfterFunc(time.Second, func() {
		for _, f := range pipes {
			f.Close()
		}
	})
	reading.Wait()
	late.Stop()
	for _, f := range pipes {
		f.Close()
	}
	p.out.close()
}

// readOutput checks the first line, passes it on as go-plugin's handshake, and logs the
// rest. Without a valid one, go-plugin sees the end of the output only after the
// process has ended, so that its exit status is not lost.
func (p *process) readOutput(r io.Reader, handshake *io.PipeWriter) {
	defer func() { _ = handshake.Close() }()
	buffered := bufio.NewReaderSize(r, 16<<10)
	line, err := buffered.ReadSlice('\n')
	switch {
	case err == nil:
		if problem := checkHandshake(strings.TrimSpace(string(line))); problem != "" {
			p.fail(problem)
			return
		}
		if _, err := handshake.Write(line); err != nil {
			return
		}
		_ = handshake.Close()
		p.out.lines("stdout").drain(buffered)
	case errors.Is(err, io.EOF):
		<-p.exited
	default:
		p.fail("it does not speak the plugin protocol: its first line of output never ends")
	}
}

func (p *process) fail(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problem = problem
}

// checkHandshake says what is wrong with a plugin's first line
// (https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md#handshake).
func checkHandshake(line string) string {
	parts := strings.Split(line, "|")
	if len(parts) < 5 {
		return fmt.Sprintf("it does not speak the plugin protocol: its first line of output is %q", cut(line, 200))
	}
	if parts[0] != "1" {
		return fmt.Sprintf("it was built with go-plugin core version %s, but this relay needs 1", cut(parts[0], 20))
	}
	version, err := strconv.Atoi(parts[1])
	switch {
	case err != nil:
		return "it does not say which version of the plugin protocol it speaks"
	case version > wire.ProtocolVersion:
		return fmt.Sprintf("it speaks version %d of the plugin protocol, but this relay speaks %d: use an older plugin or a newer relay", version, wire.ProtocolVersion)
	case version < wire.ProtocolVersion:
		return fmt.Sprintf("it speaks version %d of the plugin protocol, but this relay speaks %d: use a newer plugin or an older relay", version, wire.ProtocolVersion)
	case parts[4] != "grpc":
		return fmt.Sprintf("it speaks %q instead of gRPC", cut(parts[4], 20))
	case len(parts) < 6 || len(parts[5]) <= 50:
		return "it does not encrypt its connection: it must support go-plugin's AutoMTLS"
	case parts[2] == "tcp" && !strings.HasPrefix(parts[3], "127.0.0.1:"):
		return "it listens on an address other than 127.0.0.1"
	}
	return ""
}

func cut(text string, n int) string {
	if len(text) > n {
		return strings.ToValidUTF8(text[:n], "") + "…"
	}
	return text
}

// kill ends the process and everything it started, at once; one that is just starting
// is ended when it has started.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	if p.started && !p.reaped {
		killGroup(p.cmd.Process)
	}
}

// Kill implements [runner.Runner].
func (p *process) Kill(context.Context) error {
	p.kill()
	return nil
}

// Wait implements [runner.Runner].
func (p *process) Wait(context.Context) error {
	<-p.ended
	return p.exit
}

// pid is 0 if the process was never started.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		return 0
	}
	return p.cmd.Process.Pid
}

// ID implements [runner.Runner].
func (p *process) ID() string { return strconv.Itoa(p.pid()) }

// Name implements [runner.Runner].
func (p *process) Name() string { return p.spec.Name }

// Stdout implements [runner.Runner].
func (p *process) Stdout() io.ReadCloser { return p.handshake }

// Stderr implements [runner.Runner]. It is empty: see [output].
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Diagnose implements [runner.Runner].
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost implements [runner.Runner].
func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements [runner.Runner].
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// endedError says that a call failed because the process ended, and how.
type endedError string

func (e endedError) Error() string { return string(e) }

// ending says how the process ended, once it has.
func (p *process) ending() error {
	how := "it ended"
	if p.exit != nil {
		how = fmt.Sprintf("it ended (%v)", p.exit)
	}
	if words := p.out.words(); words != "" {
		how += "; its last words: " + words
	}
	return endedError(how)
}
