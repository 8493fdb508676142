package pluginhost

import (
	"sync"
	"time"
)

const (
	// tailLines and tailLine bound what is kept of a plugin's log: how many lines, and how
	// many bytes of each.
	tailLines = 200
	tailLine  = 2 << 10
)

// LogLine is a line of a plugin's log.
type LogLine struct {
	Time  time.Time
	Level string
	Text  string
}

// tail keeps the last lines of a plugin's log, from one process to the next. It keeps
// those too that are below the level of the relay's log: they are what a person looks for
// who wants to know why a plugin fails.
type tail struct {
	mu    sync.Mutex
	lines [tailLines]LogLine
	next  int
}

// add keeps a line, which has no secrets.
func (t *tail) add(level, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines[t.next%tailLines] = LogLine{Time: time.Now(), Level: level, Text: cut(text, tailLine)}
	t.next++
}

// all returns the lines, oldest first.
func (t *tail) all() []LogLine {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]LogLine, 0, min(t.next, tailLines))
	for i := max(0, t.next-tailLines); i < t.next; i++ {
		list = append(list, t.lines[i%tailLines])
	}
	return list
}
