package pluginhost

import (
	"errors"
	"runtime"
)

var errClosed = errors.New("the plugin host is closed")

// launcher starts all processes from one operating system thread that lives as long as
// the host: on Linux a child's parent-death signal is sent when the *thread* that
// started it ends, and Go may end its threads.
type launcher struct {
	work chan func()
	stop chan struct{}
	done chan struct{}
}

func newLauncher() *launcher {
	l := &launcher{work: make(chan func()), stop: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

func (l *launcher) run() {
	defer close(l.done)
	runtime.LockOSThread() // never unlocked, so that the thread ends with the goroutine
	for {
		select {
		case f := <-l.work:
			f()
		case <-l.stop:
			return
		}
	}
}

// do runs f on the thread and returns its error.
func (l *launcher) do(f func() error) error {
	result := make(chan error, 1)
	select {
	case l.work <- func() { result <- f() }:
		return <-result
	case <-l.done:
		return errClosed
	}
}

// close ends the thread. Every process that it started must have ended before.
func (l *launcher) close() {
	close(l.stop)
	<-l.done
}
