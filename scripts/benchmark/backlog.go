package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"
	"time"
)

// measureBacklog shows two things: that memory does not grow with what waits, and
// that one lane that cannot deliver leaves the others' speed alone.
func measureBacklog(ctx context.Context, o options, dir string, w io.Writer) error {
	end, err := newEndpoint(o.lanes)
	if err != nil {
		return err
	}
	defer end.close()
	s, err := startRelay(ctx, o, end.url, filepath.Join(dir, "backlog"), "")
	if err != nil {
		return err
	}
	defer s.stop()
	return measureStuck(ctx, o, s, end, w)
}

// measureStuck fills the first lane, which the endpoint refuses, and compares the
// other lanes' speed before, with the lane stuck, and with the whole backlog.
func measureStuck(ctx context.Context, o options, s *subject, end *endpoint, w io.Writer) error {
	l := load{subject: s, end: end, posters: o.posters, duration: o.duration, first: 1}
	free, err := l.closed(ctx)
	if err != nil {
		return err
	}
	before, err := s.memory()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nother lanes, nothing waiting: %.0f cards a second, %d MB resident\n", free, before>>20)
	end.refuse.Store(0)
	filled := 0
	for _, goal := range []int{o.stuck, o.backlog} {
		if err := l.fill(ctx, goal-filled); err != nil {
			return err
		}
		filled = max(filled, goal)
		speed, err := l.closed(ctx)
		if err != nil {
			return err
		}
		memory, err := s.memory()
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "other lanes, %d waiting in one: %.0f cards a second (ratio %.2f), %d MB resident (ratio %.2f)\n",
			filled, speed, speed/free, memory>>20, float64(memory)/float64(before))
	}
	return end.problem()
}

// fill posts that many cards to the first lane.
func (l *load) fill(ctx context.Context, n int) error {
	c := client(l.posters)
	var left atomic.Int64
	left.Store(int64(n))
	errs := make(chan error, l.posters)
	for range l.posters {
		go func() {
			hook := &lane{hook: l.subject.hooks[0]}
			for left.Add(-1) >= 0 && ctx.Err() == nil {
				if err := hook.post(c); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range l.posters {
		if err := <-errs; err != nil {
			return err
		}
	}
	// Let the store's own clean-up end, so that it is not measured as speed.
	time.Sleep(2 * time.Second)
	return nil
}
