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
	// atOnce is how many feeds are read at the same time, each by a process of its
	// own. A hostile feed takes one of them away for no longer than patience allows.
	atOnce = 2
	// smallBody is how much of any number of feeds may be in memory at once;
	// largeBodies is how many larger ones.
	smallBody   = 512 << 10
	largeBodies = 4
)

// patience is how long reading a feed of a size may take: many times what an honest
// feed needs.
func patience(size int) time.Duration {
	return 5*time.Second + time.Duration(size>>20)*time.Second
}

// readers read feeds in processes of their own. What comes from the network is
// parsed there and nowhere else: parsers can be made to work for hours or to take
// all memory by a few kilobytes, and a process can be ended without harm to the
// other feeds.
type readers struct {
	// command is what the relay's executable is to be run with, so that it calls
	// [ServeReader].
	command []string
	// free holds the processes that are not at work; nil for one that does not run.
	free chan *process
	// large holds a place for each large body in memory.
	large chan struct{}
	// patience is as the function, but for tests.
	patience func(size int) time.Duration
}

func newReaders(command ...string) *readers {
	r := &readers{command: command, free: make(chan *process, atOnce), large: make(chan struct{}, largeBodies), patience: patience}
	for range atOnce {
		r.free <- nil
	}
	return r
}

// body reads a feed's body into memory, of which there is only so much for all
// feeds. The caller releases it.
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

// read has a reader answer. Whatever it is asked, the answer comes in time.
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
			return answer{}, fmt.Errorf("start a process that reads feeds: %w", err)
		}
	}
	within := r.patience(len(q.Body))
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	// Ending the process ends the conversation.
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

// process is one that reads feeds, one after the other.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *gob.Encoder
	dec *gob.Decoder
}

// startProcess runs this program's own executable, even when an upgrade has replaced
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

// end makes sure that the process has ended, and says how that broke a conversation.
func (p *process) end(broken error) error {
	_ = p.in.Close()
	late := time.AfterFunc(time.Second, p.kill)
	defer late.Stop()
	_ = p.cmd.Wait()
	if p.cmd.ProcessState.ExitCode() == exitMemory {
		return fmt.Errorf("could not be read in %d MB of memory", readerMemory>>20)
	}
	return fmt.Errorf("broke the process that reads feeds (%v): %w", p.cmd.ProcessState, broken)
}

// host is how people are told which feed it is: the rest of an address may be
// secret.
func (q question) host() string { return hostOf(q.Address) }

// problem is what the reader found wrong with the feed.
func (a answer) problem() error {
	switch {
	case a.Wrong == "":
		return nil
	case a.Lasting:
		return connector.Misconfigured("%s", a.Wrong)
	}
	return errors.New(a.Wrong)
}
