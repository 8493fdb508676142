// Package logs is the relay's log: a writer that never blocks and lets no secret through,
// and a level that belongs to one log, not to the process.
//
// A part logs with the logger that [Log.Part] gives it. Whoever makes the [Log] chooses
// where the lines go and what they look like there.
package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

const (
	// backlog is how many bytes of the log may wait to be read.
	backlog = 1 << 20
	// patience is how long Close waits for the rest of the log to be read.
	patience = 2 * time.Second
	// stuck is how long writing one line may take before the log counts as blocked.
	stuck = 5 * time.Second
)

// Log is a log as the relay's parts see it: writing to it never fails and never waits.
// A goroutine of its own passes the lines on. Lines that nobody reads, or that cannot be
// written, are dropped and counted, because a card must not wait for a log.
type Log struct {
	zerolog.Logger

	out   io.Writer
	mask  func(string) string
	level level
	more  chan struct{} // holds one token when there may be lines
	done  chan struct{}

	mu      sync.Mutex
	lines   []string
	size    int
	closed  bool
	dropped int       // since the last report in the log
	total   int       // since the start
	writing time.Time // when the write under way began; zero when none is
	failed  error     // why the last line could not be written
}

// level is the lowest level that is written. All loggers of one log share it and check it
// before they build a line.
type level struct{ least atomic.Int32 }

// Sample implements [zerolog.Sampler].
func (l *level) Sample(of zerolog.Level) bool { return int32(of) >= l.least.Load() }

// New returns a log whose lines go to out once mask has taken the secrets out of them.
func New(out io.Writer, mask func(string) string) *Log {
	l := &Log{out: out, mask: mask, more: make(chan struct{}, 1), done: make(chan struct{})}
	l.SetLevel(zerolog.InfoLevel)
	l.Logger = zerolog.New(l).Sample(&l.level).With().Timestamp().Logger()
	go l.run()
	return l
}

// Part returns a logger whose lines name a part of the relay.
func (l *Log) Part(name string) zerolog.Logger { return l.With().Str("part", name).Logger() }

// SetLevel sets the lowest level of the lines that are written from now on.
func (l *Log) SetLevel(least zerolog.Level) { l.level.least.Store(int32(least)) }

// Write implements [io.Writer]. One call is one line.
func (l *Log) Write(line []byte) (int, error) {
	text := l.mask(string(line))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.size+len(text) > backlog {
		l.drop(1)
		return len(line), nil
	}
	l.lines, l.size = append(l.lines, text), l.size+len(text)
	select {
	case l.more <- struct{}{}:
	default:
	}
	return len(line), nil
}

// drop counts lost lines. The caller holds l.mu.
func (l *Log) drop(n int) { l.dropped, l.total = l.dropped+n, l.total+n }

func (l *Log) run() {
	defer close(l.done)
	for range l.more {
		for {
			l.mu.Lock()
			lines, dropped := l.lines, l.dropped
			l.lines, l.size, l.dropped = nil, 0, 0
			l.mu.Unlock()
			l.pass(lines, dropped)
			if len(lines) == 0 {
				break
			}
		}
	}
}

// pass writes lines, preceded by how many were dropped.
func (l *Log) pass(lines []string, dropped int) {
	if dropped > 0 {
		var line bytes.Buffer
		told := zerolog.New(&line).With().Timestamp().Logger()
		told.Warn().Str("part", "log").Int("lines", dropped).Msg("the log could not be written; lines were dropped")
		if l.write(line.Bytes()) != nil {
			l.mu.Lock()
			l.dropped += dropped
			l.mu.Unlock()
		}
	}
	for _, line := range lines {
		if l.write([]byte(line)) != nil {
			l.mu.Lock()
			l.drop(1)
			l.mu.Unlock()
		}
	}
}

// write writes one line and records whether that worked.
func (l *Log) write(line []byte) error {
	l.mu.Lock()
	l.writing = time.Now()
	l.mu.Unlock()
	_, err := l.out.Write(line)
	l.mu.Lock()
	l.writing, l.failed = time.Time{}, err
	l.mu.Unlock()
	return err
}

// Problem says in a sentence why lines are being lost; it is empty when none are.
func (l *Log) Problem() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	why := l.failed
	if why == nil && !l.writing.IsZero() && time.Since(l.writing) > stuck {
		why = errors.New("nobody reads it")
	}
	if why == nil {
		return ""
	}
	return fmt.Sprintf("the log cannot be written: %s; %d lines have been lost so far. Check what reads the relay's standard error", why, l.total)
}

// Lost counts the lines that were dropped.
func (l *Log) Lost() prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "relay_log_lines_dropped_total", Help: "Lines of the log that could not be written.",
	}, func() float64 {
		l.mu.Lock()
		defer l.mu.Unlock()
		return float64(l.total)
	})
}

// Close ends the log. It waits a moment for the remaining lines to be written.
func (l *Log) Close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.more)
	}
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-time.After(patience):
	}
}
