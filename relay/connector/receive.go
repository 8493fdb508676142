package connector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/connector-relay/relay/relay/connector/wire"
)

// Receive implements the service.
func (s *server) Receive(stream wire.Connector_ReceiveServer) error {
	a := newAnswers(stream)
	defer a.close()
	for {
		r, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			a.all.Wait()
			return nil
		case err != nil:
			return err
		}
		s.take(stream.Context(), r, a)
	}
}

// take has all requests of a message handled concurrently.
func (s *server) take(ctx context.Context, r *wire.ReceiveRequest, a *answers) {
	calls := make([]call, len(r.GetCalls()))
	errs := make([]error, len(calls))
	for i, w := range r.GetCalls() {
		calls[i], errs[i] = s.call(w)
	}
	for _, w := range r.GetRequests() {
		a.all.Add(1)
		i := int(w.GetCall())
		switch {
		case i >= len(calls):
			a.add(w, &wire.ReceiveResult{Failure: failureOf(errors.New("the request refers to a call that its message does not contain"))})
		case errs[i] != nil:
			a.add(w, &wire.ReceiveResult{Failure: failureOf(errs[i])})
		default:
			s.pool.run(func() {
				ctx, cancel := context.WithTimeout(ctx, r.GetTimeout().AsDuration())
				defer cancel()
				result := &wire.ReceiveResult{Failure: failureOf(errors.New("the connector ended its goroutine in Receive"))}
				defer func() { a.add(w, result) }()
				result = s.receive(ctx, calls[i], r.GetCalls()[i], w)
			})
		}
	}
}

func (s *server) receive(ctx context.Context, c call, at *wire.Call, w *wire.HTTPRequest) *wire.ReceiveResult {
	receiver, ok := c.value.(Receiver)
	if !ok {
		return &wire.ReceiveResult{Failure: failureOf(Misconfigured("connector type %s does not receive", at.GetType()))}
	}
	request := &Request{
		Connector: at.GetConnector(), HookURL: at.GetHookUrl(), Method: w.GetMethod(), Path: w.GetPath(), Query: w.GetQuery(),
		Header: toHeader(w.GetHeader()), Body: w.GetBody(), Remote: w.GetRemote(), Token: at.GetToken(), HTTP: c.http, Log: c.log,
	}
	var reply Reply
	err := s.guarded("Receive", request.Connector, func() (err error) {
		reply, err = receiver.Receive(ctx, request)
		return err
	})
	if err != nil {
		return &wire.ReceiveResult{Failure: failureOf(err)}
	}
	events, err := wire.FromEvents(reply.Events)
	if err != nil {
		return &wire.ReceiveResult{Failure: failureOf(err)}
	}
	response := &wire.HTTPResponse{Status: int32(reply.Status), Header: fromHeader(reply.Header), Body: reply.Body} //nolint:gosec // a status has three digits; the host checks it
	return &wire.ReceiveResult{Response: response, Events: events}
}

func toHeader(w map[string]*wire.HeaderValues) http.Header {
	h := make(http.Header, len(w))
	for name, values := range w {
		h[http.CanonicalHeaderKey(name)] = values.GetValues()
	}
	return h
}

func fromHeader(h http.Header) map[string]*wire.HeaderValues {
	if len(h) == 0 {
		return nil
	}
	w := make(map[string]*wire.HeaderValues, len(h))
	for name, values := range h {
		values = slices.Clone(values)
		for i := range values {
			values[i] = valid(values[i])
		}
		w[valid(name)] = &wire.HeaderValues{Values: values}
	}
	return w
}

// answers sends results back. Those that arrive while others are being sent go together.
type answers struct {
	stream wire.Connector_ReceiveServer
	// all counts the requests that have no result yet.
	all    sync.WaitGroup
	ready  chan struct{}
	cancel context.CancelFunc
	sent   chan struct{}

	mu      sync.Mutex
	results []*wire.ReceiveResult
}

func newAnswers(stream wire.Connector_ReceiveServer) *answers {
	ctx, cancel := context.WithCancel(stream.Context())
	a := &answers{stream: stream, ready: make(chan struct{}, 1), cancel: cancel, sent: make(chan struct{})}
	go a.send(ctx)
	return a
}

func (a *answers) add(w *wire.HTTPRequest, r *wire.ReceiveResult) {
	if size := proto.Size(r); size > maxResult {
		r = &wire.ReceiveResult{Failure: failureOf(fmt.Errorf("the answer and the events of one request have %d MiB; at most %d are allowed", size>>20, maxResult>>20))}
	}
	r.Id = w.GetId()
	a.mu.Lock()
	a.results = append(a.results, r)
	a.mu.Unlock()
	select {
	case a.ready <- struct{}{}:
	default:
	}
	a.all.Done()
}

// maxResult leaves room in a message for what surrounds a result.
const maxResult = wire.MaxMessage - 1<<20

func (a *answers) send(ctx context.Context) {
	defer close(a.sent)
	for {
		select {
		case <-a.ready:
		case <-ctx.Done():
			a.flush() // a live stream gets what is ready
			return
		}
		runtime.Gosched() // more of them are nearly ready
		if !a.flush() {
			return
		}
	}
}

// flush sends what is ready, in messages within the limit.
func (a *answers) flush() (ok bool) {
	a.mu.Lock()
	results := a.results
	a.results = nil
	a.mu.Unlock()
	for len(results) > 0 {
		n, size := 1, proto.Size(results[0])
		for n < len(results) && size+proto.Size(results[n]) <= maxResult {
			size += proto.Size(results[n])
			n++
		}
		if a.stream.Send(&wire.ReceiveResponse{Results: results[:n]}) != nil {
			return false
		}
		results = results[n:]
	}
	return true
}

func (a *answers) close() {
	a.cancel()
	<-a.sent
}

// pool runs functions on goroutines and keeps those for a while, because their stacks
// have already grown to the size that reading a card needs.
type pool struct{ idle chan func() }

// lull is how long a goroutine waits for the next function.
const lull = 5 * time.Second

func newPool() pool { return pool{idle: make(chan func())} }

func (p pool) run(f func()) {
	select {
	case p.idle <- f:
	default:
		go p.work(f)
	}
}

func (p pool) work(f func()) {
	timer := time.NewTimer(lull)
	defer timer.Stop()
	for {
		f()
		timer.Reset(lull)
		select {
		case f = <-p.idle:
		case <-timer.C:
			return
		}
	}
}
