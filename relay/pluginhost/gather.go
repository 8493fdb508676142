package pluginhost

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/connector/contract"
	"github.com/connector-relay/relay/relay/connector/wire"
)

const (
	// A receive call carries at most this many requests and about this many bytes.
	maxRequests = 64
	maxBytes    = 4 << 20
	// Under way at a time are few calls for one connector, so that requests gather
	// meanwhile, and more only while none of them comes back.
	fewCalls  = 2
	manyCalls = 32
	// slow is how long no call came back when another may start.
	slow = 25 * time.Millisecond
)

// gatherer joins requests for the same connector that arrive while calls are
// under way into one call: a call costs the same for one request as for sixty. A
// request that finds no call under way goes at once.
type gatherer struct {
	plugin *supervised
	mu     sync.Mutex
	queues map[string]*queue
}

// queue is one connector's.
type queue struct {
	waiting []*waiting
	calls   int
	// moved is when requests were last taken from it.
	moved   time.Time
	watched bool
}

// waiting is one request. The fields below done are set before it is closed.
type waiting struct {
	source  *Source
	request *Request
	size    int
	done    chan struct{}

	result *wire.ReceiveResult
	err    error
}

func newGatherer(p *supervised) *gatherer {
	return &gatherer{plugin: p, queues: make(map[string]*queue)}
}

// Receive hands a request to a connector. Every error is a [connector.Error].
func (h *Host) Receive(ctx context.Context, src Source, r Request) (Reply, error) {
	p, err := h.current.Load().owner(src.Type)
	if err != nil {
		return Reply{}, err
	}
	start := time.Now()
	reply, err := p.gather.receive(ctx, &src, &r)
	h.metrics.count(p.spec.Name, "receive", err)
	h.metrics.seconds.WithLabelValues(p.spec.Name, "receive").Observe(since(start))
	return reply, err
}

func (g *gatherer) receive(ctx context.Context, src *Source, r *Request) (Reply, error) {
	w := &waiting{source: src, request: r, size: sizeOf(r), done: make(chan struct{})}
	g.add(w)
	select {
	case <-w.done:
	case <-ctx.Done():
		g.forget(w)
		return Reply{}, g.plugin.failed(fmt.Errorf("the request was not handled in time: %w", ctx.Err()))
	}
	if w.err != nil {
		return Reply{}, w.err
	}
	reply, err := contract.Reply(w.result)
	if err != nil {
		if failure := contract.Error(w.result.GetFailure()); failure != nil {
			failure.Err = g.plugin.host.masked(failure.Err)
			return Reply{}, failure
		}
		return Reply{}, g.plugin.broke("its result of a request cannot be used: %w", err)
	}
	return Reply(reply), nil
}

func (g *gatherer) add(w *waiting) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := w.source.Type + " " + w.source.Connector
	q := g.queues[key]
	if q == nil {
		q = &queue{moved: time.Now()}
		g.queues[key] = q
	}
	q.waiting = append(q.waiting, w)
	switch {
	case q.calls < fewCalls:
		q.calls++
		go g.work(key, q)
	case !q.watched:
		q.watched = true
		time.AfterFunc(slow, func() { g.relieve(key, q) })
	}
}

// relieve starts another call when requests wait and no call has come back: the
// connector is slow, and one sender's slow request must not hold up the others.
func (g *gatherer) relieve(key string, q *queue) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q.watched = false
	if len(q.waiting) == 0 {
		return
	}
	if time.Since(q.moved) >= slow && q.calls < manyCalls {
		q.calls++
		go g.work(key, q)
	}
	q.watched = true
	time.AfterFunc(slow, func() { g.relieve(key, q) })
}

// work makes calls until nothing waits.
func (g *gatherer) work(key string, q *queue) {
	for {
		// Whoever is about to add a request, such as those whose answers have just
		// come, goes first: it makes calls four times as large under load.
		runtime.Gosched()
		list := g.take(key, q)
		if len(list) == 0 {
			return
		}
		g.call(list)
	}
}

// take removes what goes together in one call, and counts the worker out when
// that is nothing.
func (g *gatherer) take(key string, q *queue) []*waiting {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(q.waiting) == 0 {
		q.calls--
		if q.calls == 0 {
			delete(g.queues, key)
		}
		return nil
	}
	n, size := 0, 0
	for _, w := range q.waiting {
		if n > 0 && (n == maxRequests || size+w.size > maxBytes || !w.source.same(q.waiting[0].source)) {
			break
		}
		n++
		size += w.size
	}
	list := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.moved = time.Now()
	return list
}

// forget drops a request whose sender has gone, if it still waits.
func (g *gatherer) forget(w *waiting) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if q := g.queues[w.source.Type+" "+w.source.Connector]; q != nil {
		q.waiting = slices.DeleteFunc(q.waiting, func(o *waiting) bool { return o == w })
	}
}

// call makes one call and hands out its results.
func (g *gatherer) call(list []*waiting) {
	p := g.plugin
	p.host.metrics.gathered.Observe(float64(len(list)))
	results, err := p.receive(list)
	for i, w := range list {
		if w.err = err; err == nil {
			w.result = results[i]
		}
		close(w.done)
	}
}

func (p *supervised) receive(list []*waiting) ([]*wire.ReceiveResult, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.host.limits.Receive)
	defer cancel()
	g, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer p.end()
	r := &wire.ReceiveRequest{Source: p.host.toWire(*list[0].source), Requests: make([]*wire.HTTPRequest, len(list))}
	for i, w := range list {
		r.Requests[i] = requestToWire(w.request)
	}
	response, err := g.rpc.Receive(ctx, r)
	if err != nil {
		return nil, p.failed(g.callError(ctx, "Receive", err))
	}
	if got := len(response.GetResults()); got != len(list) {
		return nil, p.broke("it answered %d requests with %d results", len(list), got)
	}
	return response.GetResults(), nil
}

// same reports whether requests for both may go in one call.
func (s *Source) same(o *Source) bool {
	return s == o || s.Type == o.Type && s.Connector == o.Connector && s.HookURL == o.HookURL && s.Token == o.Token &&
		bytes.Equal(s.Arguments, o.Arguments) && s.HTTP.Proxy == o.HTTP.Proxy && s.HTTP.UserAgent == o.HTTP.UserAgent &&
		bytes.Equal(s.HTTP.CAPEM, o.HTTP.CAPEM) && slices.Equal(s.HTTP.Allow, o.HTTP.Allow)
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

// requestToWire cleans what comes from strangers: protobuf refuses to carry text
// that is not UTF-8, and would refuse the other requests of the call with it.
func requestToWire(r *Request) *wire.HTTPRequest {
	w := &wire.HTTPRequest{
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
