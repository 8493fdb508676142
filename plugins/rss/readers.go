package rss

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

const (
	// atOnce is how many feeds are read at a time, each by its own process. A hostile feed
	// blocks one of them no longer than patience allows.
	atOnce = 2
	// smallBody is the size up to which any number of feeds may be in memory; largeBodies
	// is how many larger ones.
	smallBody   = 512 << 10
	largeBodies = 4
)

// patience bounds the reading of a feed by its size, at many times what an honest feed
// needs.
func patience(size int) time.Duration {
	return 5*time.Second + time.Duration(size>>20)*time.Second
}

// readers read feeds in processes of their own. Data from the network is parsed only
// there: a few kilobytes can make parsers work for hours or take all memory, and a
// process can be killed without harm to other feeds.
type readers struct {
	// command are the arguments with which the relay's executable calls [ServeReader].
	command []string
	// free holds the idle processes; nil for one that is not running.
	free chan *process
	// large holds a place for each large body in memory.
	large chan struct{}
	// patience is the function of that name, except in tests.
	patience func(size int) time.Duration
}

func newReaders(command ...string) *readers {
	r := &readers{command: command, free: make(chan *process, atOnce), large: make(chan struct{}, largeBodies), patience: patience}
	for range atOnce {
		r.free <- nil
	}
	return r
}

// body reads a feed's body into memory, which all feeds share. The caller must release
// it.
func (r *readers) body(ctx context.Context, from io.Reader) (body []byte, release func(), err error) {
	release = func() {}
	body, err = io.ReadAll(io.LimitReader(from, smallBody))
	if err != nil || len(body) < smallBody {
		return body, release, err
	}
	select {
	case r.large <- struct{}{}:
		release = func() { <-r.large }
	case <-ctx.Done():
		return nil, release, ctx.Err()
	}
	rest, err := io.ReadAll(io.LimitReader(from, maxBody+1-smallBody))
	return append(body, rest...), release, err
}

// read has a reader answer a question, always in time.
func (r *readers) read(ctx context.Context, q question) (answer, error) {
	var at *process
	select {
	case at = <-r.free:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	defer func() { r.free <- at }()
	if at == nil {
		var err error
		if at, err = startProcess(r.command); err != nil {
			return answer{}, fmt.Errorf("start a reader process: %w", err)
		}
	}
	within := r.patience(len(q.Body))
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	// Killing the process ends the exchange.
	stop := context.AfterFunc(limited, at.kill)
	a, err := at.ask(q)
	if stop() && err == nil {
		return a, a.problem()
	}
	err = at.end(err)
	at = nil
	switch {
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	case limited.Err() != nil:
		return answer{}, fmt.Errorf("the feed at %s could not be read within %s", q.host(), within)
	}
	return answer{}, fmt.Errorf("the feed at %s %w", q.host(), err)
}

// process is a reader process, which reads one feed after the other.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *gob.Encoder
	dec *gob.Decoder
}

// startProcess runs this program's own executable, even after an upgrade has replaced
// the file.
func startProcess(command []string) (*process, error) {
	path := "/proc/self/exe"
	if _, err := os.Stat(path); err != nil {
		if path, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(path, command...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd: cmd, in: in, enc: gob.NewEncoder(in), dec: gob.NewDecoder(out)}, nil
}

func (p *process) ask(q question) (answer, error) {
	var a answer
	if err := p.enc.Encode(q); err != nil {
		return a, err
	}
	err := p.dec.Decode(&a)
	return a, err
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

// end makes sure that the process has ended and says why the exchange broke off.
func (p *process) end(broken error) error {
	_ = p.in.Close()
	late := time.AfterFunc(time.Second, p.kill)
	defer late.Stop()
	_ = p.cmd.Wait()
	if p.cmd.ProcessState.ExitCode() == exitMemory {
		return fmt.Errorf("could not be read within %d MB of memory", readerMemory>>20)
	}
	return fmt.Errorf("crashed the reader process (%v): %w", p.cmd.ProcessState, broken)
}

// host identifies the feed to people: the rest of its address may be secret.
func (q question) host() string { return hostOf(q.Address) }

// problem is the reader's verdict on a faulty feed.
func (a answer) problem() error {
	switch {
	case a.Wrong == "":
		return nil
	case a.Lasting:
		return connector.Misconfigured("%s", a.Wrong)
	}
	return errors.New(a.Wrong)
}
