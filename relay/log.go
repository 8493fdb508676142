package relay

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/secret"
)

const (
	// logBacklog is how much of the log waits at most for a reader, in bytes.
	logBacklog = 1 << 20
	// logPatience is how long a stop waits for the rest of the log to be read.
	logPatience = 2 * time.Second
	// logStuck is how long a line may take to be written before the log counts as one
	// that nobody reads.
	logStuck = 5 * time.Second
)

// logWriter is the log as the relay's parts see it: writing to it never fails and never
// waits. A goroutine of its own passes the lines on; those that nobody reads, or that
// cannot be written, are dropped and counted, because a card must not wait for a log.
// It is also the log's last guard: no secret passes it.
type logWriter struct {
	out    io.Writer
	masker *secret.Masker
	more   chan struct{} // holds one token when there may be lines
	done   chan struct{}

	mu      sync.Mutex
	lines   []string
	size    int
	closed  bool
	dropped int       // since the last report in the log
	total   int       // since the start
	writing time.Time // since when the line under way is written; zero when none is
	failed  error     // why the last line could not be written
}

func newLogWriter(out io.Writer, masker *secret.Masker) *logWriter {
	w := &logWriter{out: out, masker: masker, more: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// Write implements [io.Writer]. One call is one line.
func (w *logWriter) Write(line []byte) (int, error) {
	text := w.masker.Mask(string(line))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.size+len(text) > logBacklog {
		w.drop(1)
		return len(line), nil
	}
	w.lines, w.size = append(w.lines, text), w.size+len(text)
	select {
	case w.more <- struct{}{}:
	default:
	}
	return len(line), nil
}

// drop counts lines that are lost. The caller holds w.mu.
func (w *logWriter) drop(n int) { w.dropped, w.total = w.dropped+n, w.total+n }

func (w *logWriter) run() {
	defer close(w.done)
	for range w.more {
		for {
			w.mu.Lock()
			lines, dropped := w.lines, w.dropped
			w.lines, w.size, w.dropped = nil, 0, 0
			w.mu.Unlock()
			w.pass(lines, dropped)
			if len(lines) == 0 {
				break
			}
		}
	}
}

// pass writes lines, and before them how many were dropped.
func (w *logWriter) pass(lines []string, dropped int) {
	if dropped > 0 {
		told := &tolerant{write: w.write}
		l := zerolog.New(told).With().Timestamp().Logger()
		l.WithLevel(zerolog.WarnLevel).Str("part", "log").Int("lines", dropped).Msg("the log could not be written; lines were dropped")
		if told.err != nil {
			w.mu.Lock()
			w.dropped += dropped
			w.mu.Unlock()
		}
	}
	for _, line := range lines {
		if err := w.write([]byte(line)); err != nil {
			w.mu.Lock()
			w.drop(1)
			w.mu.Unlock()
		}
	}
}

// write writes one line and remembers how that goes.
func (w *logWriter) write(line []byte) error {
	w.mu.Lock()
	w.writing = time.Now()
	w.mu.Unlock()
	_, err := w.out.Write(line)
	w.mu.Lock()
	w.writing, w.failed = time.Time{}, err
	w.mu.Unlock()
	return err
}

// tolerant keeps a logger from complaining elsewhere about what it cannot write.
type tolerant struct {
	write func([]byte) error
	err   error
}

// Write implements [io.Writer].
func (t *tolerant) Write(line []byte) (int, error) {
	t.err = t.write(line)
	return len(line), nil
}

// problem says in a sentence why the log is not whole; empty when it is.
func (w *logWriter) problem() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	why := w.failed
	if why == nil && !w.writing.IsZero() && time.Since(w.writing) > logStuck {
		why = errors.New("nobody reads it")
	}
	if why == nil {
		return ""
	}
	return fmt.Sprintf("the log cannot be written: %s; %d lines are lost so far. Look at what reads the relay's standard error", why, w.total)
}

// lost counts the lines that were dropped.
func (w *logWriter) lost() prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "relay_log_lines_dropped_total", Help: "Lines of the log that could not be written.",
	}, func() float64 {
		w.mu.Lock()
		defer w.mu.Unlock()
		return float64(w.total)
	})
}

// close waits a moment for what is left to be written.
func (w *logWriter) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.more)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-time.After(logPatience):
	}
}
