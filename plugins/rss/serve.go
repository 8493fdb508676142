package rss

import (
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// readerMemory bounds a reader's memory. The largest honest feeds need a third of it.
	readerMemory = 192 << 20
	// exitMemory is the exit code of a reader that needs more.
	exitMemory = 9
)

// ServeReader reads feeds for the process at the other end of in and out until that
// ends.
func ServeReader(in io.Reader, out io.Writer) {
	debug.SetGCPercent(50)
	debug.SetMaxStack(readerMemory / 4)
	questions := make(chan question)
	go func() {
		dec := gob.NewDecoder(in)
		for {
			var q question
			if dec.Decode(&q) != nil {
				// Nobody waits for the feed being read any longer.
				os.Exit(0)
			}
			questions <- q
		}
	}()
	enc := gob.NewEncoder(out)
	for q := range questions {
		a := watched(q)
		if enc.Encode(a) != nil {
			os.Exit(1)
		}
		if len(q.Body) > smallBody {
			debug.FreeOSMemory()
		}
	}
}

// watched answers a question and ends the process if that takes too much memory. It
// turns a parser's panic into an answer.
func watched(q question) (a answer) {
	done := make(chan struct{})
	defer close(done)
	go watchMemory(done)
	defer func() {
		if r := recover(); r != nil {
			a = answer{Wrong: fmt.Sprintf("the feed at %s cannot be read: the parser panicked", q.host())}
		}
	}()
	return read(q)
}

func watchMemory(done <-chan struct{}) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			metrics.Read(samples)
			if samples[0].Value.Uint64()-samples[1].Value.Uint64() > readerMemory {
				os.Exit(exitMemory)
			}
		}
	}
}
