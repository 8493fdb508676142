package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// mark begins the number that each card carries, so that the endpoint can tell
// them apart: lane, position in the lane, and when it was posted.
const mark = "card-no-"

// maxOpen is how many cards may be under way in the closed loop.
const maxOpen = 5000

// endpoint is the chat system: it counts what arrives and checks the order.
type endpoint struct {
	url     string
	server  *http.Server
	lanes   []arrivals
	arrived atomic.Int64
	refuse  atomic.Int64 // a lane that is answered 503, or -1
	mu      sync.Mutex
	fault   error
}

// arrivals is one lane's record; the relay delivers a lane one card at a time.
type arrivals struct {
	mu        sync.Mutex
	next      int
	latencies []time.Duration
	keep      bool
}

func newEndpoint(lanes int) (*endpoint, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	e := &endpoint{url: "http://" + l.Addr().String(), lanes: make([]arrivals, lanes)}
	e.refuse.Store(-1)
	e.server = &http.Server{Handler: e}
	go func() { _ = e.server.Serve(l) }()
	return e, nil
}

func (e *endpoint) close() { _ = e.server.Close() }

// ServeHTTP takes one card.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	body, err := io.ReadAll(r.Body)
	lane, laneErr := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || laneErr != nil {
		http.Error(w, "what is this?", http.StatusBadRequest)
		return
	}
	if e.refuse.Load() == int64(lane) {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	if err := e.lanes[lane].take(body, now); err != nil {
		e.mu.Lock()
		e.fault = fmt.Errorf("lane %d: %w", lane, err)
		e.mu.Unlock()
	}
	e.arrived.Add(1)
	_, _ = io.WriteString(w, "1")
}

// take checks that a card is the next of its lane.
func (a *arrivals) take(body []byte, now time.Time) error {
	_, rest, found := bytes.Cut(body, []byte(mark))
	end := bytes.IndexByte(rest, '!')
	if !found || end < 0 {
		return fmt.Errorf("a card without a number")
	}
	var position int
	var posted int64
	if _, err := fmt.Sscanf(string(rest[:end]), "%d-%d", &position, &posted); err != nil {
		return fmt.Errorf("a card with a bad number: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if position != a.next {
		err := fmt.Errorf("card %d arrived where %d was due", position, a.next)
		a.next = position + 1
		return err
	}
	a.next++
	if a.keep {
		a.latencies = append(a.latencies, now.Sub(time.Unix(0, posted)))
	}
	return nil
}

// problem returns the last fault of order or loss.
func (e *endpoint) problem() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fault
}

// load drives a subject.
type load struct {
	subject  *subject
	end      *endpoint
	posters  int
	duration time.Duration
	first    int // the first lane to use
}

// lane is what a poster knows of one hook: how many cards it has posted there.
type lane struct {
	mu     sync.Mutex
	hook   string
	posted int
}

// lanes continues where the endpoint's count stands, so that runs can follow one
// another.
func (l *load) lanes() []*lane {
	var list []*lane
	for i, hook := range l.subject.hooks[l.first:] {
		a := &l.end.lanes[l.first+i]
		a.mu.Lock()
		list = append(list, &lane{hook: hook, posted: a.next})
		a.mu.Unlock()
	}
	return list
}

func client(posters int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: posters}, Timeout: 30 * time.Second}
}

// post sends the lane's next card and reads the answer.
func (n *lane) post(c *http.Client) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	resp, err := c.Post(n.hook, "application/json", bytes.NewReader(newCard(n.posted, time.Now())))
	if err != nil {
		return fmt.Errorf("post a card: %w", err)
	}
	answer, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK || string(answer) != "1" {
		return fmt.Errorf("post a card: answered %s %q", resp.Status, answer)
	}
	n.posted++
	return nil
}

// closed posts as fast as answers come while no more than maxOpen cards are
// under way, and returns how many a second were delivered.
func (l *load) closed(ctx context.Context) (float64, error) {
	lanes := l.lanes()
	c := client(l.posters)
	before := l.end.arrived.Load()
	var posted atomic.Int64
	start := time.Now()
	var wg sync.WaitGroup
	errs := make(chan error, l.posters)
	for p := range l.posters {
		wg.Go(func() {
			for i := p; time.Since(start) < l.duration && ctx.Err() == nil; i += l.posters {
				if posted.Load()-(l.end.arrived.Load()-before) > maxOpen {
					time.Sleep(time.Millisecond)
					continue
				}
				if err := lanes[i%len(lanes)].post(c); err != nil {
					errs <- err
					return
				}
				posted.Add(1)
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return 0, err
	default:
	}
	if err := l.drain(ctx, before+posted.Load()); err != nil {
		return 0, err
	}
	return float64(posted.Load()) / time.Since(start).Seconds(), nil
}

// drain waits until that many cards have arrived.
func (l *load) drain(ctx context.Context, arrived int64) error {
	deadline := time.Now().Add(time.Minute)
	for l.end.arrived.Load() < arrived {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("%d cards were lost or are late", arrived-l.end.arrived.Load())
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// paced posts at a fixed rate and returns how long each card took from the post
// to its arrival.
func (l *load) paced(ctx context.Context, rate int) ([]time.Duration, error) {
	lanes := l.lanes()
	c := client(l.posters)
	for i := range l.end.lanes {
		l.end.lanes[i].mu.Lock()
		l.end.lanes[i].keep, l.end.lanes[i].latencies = true, nil
		l.end.lanes[i].mu.Unlock()
	}
	before, posted := l.end.arrived.Load(), int64(0)
	var wg sync.WaitGroup
	errs := make(chan error, 1)
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for start := time.Now(); time.Since(start) < l.duration && ctx.Err() == nil; posted++ {
		<-tick.C
		n := lanes[int(posted)%len(lanes)]
		wg.Go(func() {
			if err := n.post(c); err != nil {
				select {
				case errs <- err:
				default:
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	if err := l.drain(ctx, before+posted); err != nil {
		return nil, err
	}
	var all []time.Duration
	for i := range l.end.lanes {
		l.end.lanes[i].mu.Lock()
		all = append(all, l.end.lanes[i].latencies...)
		l.end.lanes[i].keep = false
		l.end.lanes[i].mu.Unlock()
	}
	return all, nil
}

// newCard is a MessageCard of about 2 kB, the size of a pull request's card.
func newCard(position int, now time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"@type":"MessageCard","@context":"https://schema.org/extensions","summary":"%s%d-%d!","themeColor":"0078D7","title":"Pull request merged","sections":[{"activityTitle":"Somebody merged a pull request","activitySubtitle":"acme/relay","text":"`, mark, position, now.UnixNano())
	for b.Len() < 1500 {
		b.WriteString("A sentence that says what the change is about, in plain words. ")
	}
	b.WriteString(`","facts":[{"name":"Repository","value":"acme/relay"},{"name":"Branch","value":"main"},{"name":"Commits","value":"3"},{"name":"Files","value":"12"}]}],"potentialAction":[{"@type":"OpenUri","name":"View the pull request","targets":[{"os":"default","uri":"https://git.example.com/acme/relay/pull/12"}]}]}`)
	return b.Bytes()
}
