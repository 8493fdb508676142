package pluginhost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

const (
	// maxLogLine bounds a line of a plugin's output; the rest is cut.
	maxLogLine = 16 << 10
	// The rate and burst at which a plugin's lines are logged. Further lines are counted
	// and dropped, so that a flood does not fill the disk.
	linesPerSecond = 100
	lineBurst      = 1000
)

// output copies what a plugin writes to the relay's log: the SDK's log entries at their
// level, everything else at debug. The tail gets all of it.
type output struct {
	log  zerolog.Logger
	tail *tail
	mask func(string) string

	mu      sync.Mutex
	limit   *rate.Limiter
	dropped int
	last    string
	// crashing is set from a Go program's "panic:" line on.
	crashing bool
}

func newOutput(log zerolog.Logger, tail *tail, mask func(string) string) *output {
	return &output{log: log, tail: tail, mask: mask, limit: rate.NewLimiter(linesPerSecond, lineBurst)}
}

// words returns the last line that is not a log entry, or the line of a panic.
func (o *output) words() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mask(cut(o.last, 300))
}

// close logs how many lines were dropped since the last report.
func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reportDropped()
}

func (o *output) reportDropped() {
	if o.dropped > 0 {
		o.log.Warn().Int("lines", o.dropped).Msg("the plugin wrote too much; lines were dropped")
		o.tail.add(zerolog.LevelWarnValue, fmt.Sprintf("the plugin wrote too much; %d lines were dropped", o.dropped))
		o.dropped = 0
	}
}

// line logs one line.
func (o *output) line(stream string, text []byte) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	entry, isEntry := parseEntry(text)
	if !isEntry && !o.crashing {
		o.last = string(text)
		o.crashing = strings.HasPrefix(o.last, "panic: ") || strings.HasPrefix(o.last, "fatal error: ")
	}
	if !o.limit.Allow() {
		o.dropped++
		return
	}
	o.reportDropped()
	if isEntry {
		o.entry(entry)
		return
	}
	level := zerolog.DebugLevel
	if o.crashing {
		level = zerolog.ErrorLevel
	}
	said := o.mask(string(text))
	o.log.WithLevel(level).Str("stream", stream).Msg(said)
	o.tail.add(level.String(), said)
}

// parseEntry parses a log entry in hclog's JSON form.
func parseEntry(text []byte) (map[string]any, bool) {
	if text[0] != '{' {
		return nil, false
	}
	var entry map[string]any
	if json.Unmarshal(text, &entry) != nil {
		return nil, false
	}
	_, ok := entry["@message"].(string)
	return entry, ok
}

func (o *output) entry(entry map[string]any) {
	name, _ := entry["@level"].(string)
	level, err := zerolog.ParseLevel(name)
	if err != nil || level < zerolog.TraceLevel || level > zerolog.ErrorLevel {
		level = zerolog.InfoLevel
	}
	e := o.log.WithLevel(level)
	text, _ := entry["@message"].(string)
	text = o.mask(text)
	var line strings.Builder
	line.WriteString(text)
	if at, ok := entry["@timestamp"].(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
			e = e.Time("at", t)
		}
	}
	var names []string
	for name := range entry {
		if !strings.HasPrefix(name, "@") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		key := o.mask(name)
		if slices.Contains([]string{"level", "message", "time", "plugin", "at"}, key) {
			key += "_"
		}
		value := o.masked(entry[name])
		e = e.Interface(key, value)
		fmt.Fprintf(&line, " %s=%v", key, value)
	}
	e.Msg(text)
	o.tail.add(level.String(), line.String())
}

// masked removes secrets from all text in a JSON value.
func (o *output) masked(v any) any {
	switch v := v.(type) {
	case string:
		return o.mask(v)
	case []any:
		for i := range v {
			v[i] = o.masked(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[o.mask(name)] = o.masked(inner)
		}
		return out
	}
	return v
}

// lines returns a writer that logs what is written to it line by line.
func (o *output) lines(stream string) *lineWriter { return &lineWriter{out: o, stream: stream} }

type lineWriter struct {
	out    *output
	stream string

	mu      sync.Mutex
	partial []byte
}

// Write implements [io.Writer].
func (w *lineWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			w.keep(b)
			return n, nil
		}
		w.keep(b[:i])
		w.out.line(w.stream, w.partial)
		w.partial = w.partial[:0]
		b = b[i+1:]
	}
}

// drain logs everything from r, including an unfinished last line.
func (w *lineWriter) drain(r io.Reader) {
	_, _ = io.Copy(w, r)
	_, _ = w.Write([]byte{'\n'})
}

// keep appends to the line up to its bound.
func (w *lineWriter) keep(b []byte) {
	w.partial = append(w.partial, b[:min(len(b), maxLogLine-len(w.partial))]...)
}
