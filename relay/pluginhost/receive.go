package pluginhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/connector-relay/relay/relay/connector/contract"
	"github.com/connector-relay/relay/relay/connector/wire"
)

// maxRequests and maxBytes bound one message.
const (
	maxRequests = 64
	maxBytes    = 4 << 20
)

// Receive hands a request to a connector. Every error is a [connector.Error].
func (h *Host) Receive(ctx context.Context, c Call, r Request) (reply Reply, err error) {
	err = h.current.Load().call(c.Type, "receive", func(p *supervised) error {
		reply, err = p.receive(ctx, &c, &r)
		return err
	})
	return reply, err
}

func (p *supervised) receive(ctx context.Context, c *Call, r *Request) (Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, p.host.limits.Receive)
	defer cancel()
	result, err := p.hand(ctx, c, r)
	if _, died := errors.AsType[endedError](err); died {
		// Nothing of the request was stored, so the next generation gets it. There is no
		// third try: the request may be what the plugin dies of.
		result, err = p.hand(ctx, c, r)
	}
	if err != nil {
		return Reply{}, p.failed(err)
	}
	reply, err := contract.Reply(result)
	if err != nil {
		if failure := contract.Error(result.GetFailure()); failure != nil {
			failure.Err = p.host.masked(failure.Err)
			return Reply{}, failure
		}
		return Reply{}, p.broke("its result for a request is invalid: %w", err)
	}
	return Reply(reply), nil
}

// hand gives a request to the running generation.
func (p *supervised) hand(ctx context.Context, c *Call, r *Request) (*wire.ReceiveResult, error) {
	g, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer p.end()
	return g.requests.do(ctx, c, r)
}

// requests is the stream of requests to one generation and of their results back.
// Requests that arrive while a message is being sent share the next one: a message with
// sixty costs little more than one with one. The stream is opened for the first
// request, and again if it has broken.
type requests struct {
	generation *generation
	plugin     *supervised
	// ready says that requests wait.
	ready chan struct{}

	mu      sync.Mutex
	open    bool
	last    uint64
	waiting []*waiting
	// pending are the requests without a result, waiting or sent.
	pending map[uint64]*waiting
}

// waiting is one request. Result and err are set before done is closed.
type waiting struct {
	call    *Call
	request *Request
	id      uint64
	done    chan struct{}

	result *wire.ReceiveResult
	err    error
}

func newRequests(p *supervised, g *generation) *requests {
	return &requests{plugin: p, generation: g, ready: make(chan struct{}, 1), pending: make(map[uint64]*waiting)}
}

// do sends a request and waits for its result.
func (r *requests) do(ctx context.Context, c *Call, request *Request) (*wire.ReceiveResult, error) {
	w := &waiting{call: c, request: request, done: make(chan struct{})}
	r.add(w)
	select {
	case <-w.done:
		return w.result, w.err
	case <-ctx.Done():
		r.forget(w)
		return nil, fmt.Errorf("it did not answer Receive in time: %w", ctx.Err())
	}
}

func (r *requests) add(w *waiting) {
	r.mu.Lock()
	r.last++
	w.id = r.last
	r.pending[w.id] = w
	r.waiting = append(r.waiting, w)
	if !r.open {
		r.open = true
		go r.run()
	}
	r.mu.Unlock()
	r.wake()
}

func (r *requests) wake() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

// forget drops a request that nobody waits for any longer. Its result may still come.
func (r *requests) forget(w *waiting) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pending, w.id)
	r.waiting = slices.DeleteFunc(r.waiting, func(o *waiting) bool { return o == w })
}

// run opens a stream and serves it until it ends.
func (r *requests) run() {
	ctx, cancel := context.WithCancel(r.plugin.ctx)
	defer cancel()
	stream, err := r.generation.rpc.Receive(ctx)
	if err == nil {
		go r.send(ctx, stream)
		err = r.read(stream)
	}
	if !errors.Is(err, errContract) {
		err = r.generation.callError(ctx, "Receive", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = false
	for _, w := range r.pending {
		w.err = err
		close(w.done)
	}
	clear(r.pending)
	r.waiting = nil
}

// send sends the waiting requests. It leaves an error of the stream to read.
func (r *requests) send(ctx context.Context, stream wire.Connector_ReceiveClient) {
	for {
		select {
		case <-r.ready:
		case <-ctx.Done():
			r.wake() // for the next stream
			return
		}
		// Let goroutines that are about to add a request go first: under load this makes
		// messages several times as large.
		runtime.Gosched()
		for list := r.take(); len(list) > 0; list = r.take() {
			r.plugin.host.metrics.gathered.Observe(float64(len(list)))
			if stream.Send(r.toWire(list)) != nil {
				return
			}
		}
	}
}

// take removes the requests for one message from the queue.
func (r *requests) take() []*waiting {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, size := 0, 0
	for n < len(r.waiting) && n < maxRequests {
		if size += sizeOf(r.waiting[n].request); n > 0 && size > maxBytes {
			break
		}
		n++
	}
	list := r.waiting[:n:n]
	r.waiting = r.waiting[n:]
	return list
}

// toWire makes a message, which holds each distinct call once.
func (r *requests) toWire(list []*waiting) *wire.ReceiveRequest {
	m := &wire.ReceiveRequest{
		Requests: make([]*wire.HTTPRequest, 0, len(list)),
		Timeout:  durationpb.New(r.plugin.host.limits.Receive),
	}
	var calls []*Call
	for _, w := range list {
		at := slices.IndexFunc(calls, w.call.same)
		if at < 0 {
			call, err := w.call.toWire()
			if err != nil {
				r.fail(w, err)
				continue
			}
			at = len(calls)
			calls = append(calls, w.call)
			m.Calls = append(m.Calls, call)
		}
		request := requestToWire(w.request, w.id)
		request.Call = uint32(at) //nolint:gosec // at most maxRequests
		m.Requests = append(m.Requests, request)
	}
	return m
}

// fail ends a request that cannot be sent.
func (r *requests) fail(w *waiting, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending[w.id] == w {
		delete(r.pending, w.id)
		w.err = err
		close(w.done)
	}
}

// errContract says that the plugin breaks the stream's rules.
var errContract = errors.New("the plugin breaks its contract: it sent a result for a request that it never got")

// read hands out results until the stream ends, and returns why it ended.
func (r *requests) read(stream wire.Connector_ReceiveClient) error {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return errors.New("it ended the stream of requests")
		}
		if err != nil {
			return err
		}
		for _, result := range m.GetResults() {
			if !r.settle(result) {
				return errContract
			}
		}
	}
}

func (r *requests) settle(result *wire.ReceiveResult) (ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id := result.GetId(); id == 0 || id > r.last {
		return false
	}
	if w := r.pending[result.GetId()]; w != nil {
		delete(r.pending, w.id)
		w.result = result
		close(w.done)
	}
	return true
}

// same reports whether both calls tell the plugin the same.
func (c *Call) same(o *Call) bool {
	return c == o || c.Type == o.Type && c.Connector == o.Connector && c.HookURL == o.HookURL && c.Token == o.Token &&
		bytes.Equal(c.Arguments, o.Arguments) && c.HTTP.Equal(o.HTTP)
}

func sizeOf(r *Request) int {
	n := len(r.Body) + len(r.Path) + len(r.Query)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}

// requestToWire cleans a stranger's text: protobuf refuses text that is not UTF-8, and
// with it the message's other requests.
func requestToWire(r *Request, id uint64) *wire.HTTPRequest {
	w := &wire.HTTPRequest{
		Id:     id,
		Method: valid(r.Method), Path: valid(r.Path), Query: valid(r.Query), Body: r.Body, Remote: valid(r.Remote),
		Header: make(map[string]*wire.HeaderValues, len(r.Header)),
	}
	for name, values := range r.Header {
		w.Header[valid(name)] = &wire.HeaderValues{Values: validAll(values)}
	}
	return w
}

func validAll(values []string) []string {
	if !slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
		return values
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = valid(v)
	}
	return out
}

func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
