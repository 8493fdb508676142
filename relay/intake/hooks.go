package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

const (
	// DefaultMaxBody bounds the body of a request to a hook, in bytes. A card is at
	// most 28 KB; some services send more about an event than fits a card.
	DefaultMaxBody = 1 << 20
	// DefaultHookConcurrency bounds the requests to one connector's hook that are
	// under way at a time. A commit takes milliseconds, and the more requests share
	// one, the faster all are.
	DefaultHookConcurrency = 1024
	// trustedLength is how much memory a request gets on its own word, in bytes.
	trustedLength = 64 << 10
	// retrySoon and retryLater are what a sender is told when its request could not
	// be kept just now, in seconds.
	retrySoon  = "1"
	retryLater = "5"
)

// Hooks answers at /hooks/TOKEN and below, and at the paths that connectors have beside
// that. Any method goes through to the plugin:
// some services verify a hook with HEAD, GET or OPTIONS. What is not to be found,
// or not any more, gets net/http's own 404, like any other address of the listener; a
// connector that is disabled asks its senders to try again.
func (i *Intake) Hooks() http.Handler { return http.HandlerFunc(i.serveHook) }

// exchange is one request to a hook and what is told of it in the log.
type exchange struct {
	source  *source
	w       http.ResponseWriter
	r       *http.Request
	path    string
	started time.Time
	status  int
	bytes   int
	// events are the numbers of those that it led to.
	events []int64
	// told is what a request that was refused was answered with, in short.
	told string
	err  error
}

func (i *Intake) serveHook(w http.ResponseWriter, r *http.Request) {
	name, path := r.URL.Path, "" // of an alias
	if strings.HasPrefix(name, hooksPath) {
		name, path = splitHook(r.URL.EscapedPath())
	}
	d, unknown, stopped := i.takeRequest(name)
	if d == nil || stopped && d.source == nil {
		if unknown { // it may be one of these: a sender must not take it for gone
			(&exchange{w: w}).unavailable("The connector is not ready; try again soon.\n", retryLater)
			return
		}
		http.NotFound(w, r)
		return
	}
	if !stopped {
		defer i.requests.Done()
		if !i.enter(d, w, r) {
			return
		}
	}
	s := d.source
	x := &exchange{source: s, w: w, r: r, path: path, started: time.Now()}
	if stopped {
		x.unavailable("The relay is stopping; try again soon.\n", retryLater)
	} else {
		x.serve()
	}
	i.metrics.requests.WithLabelValues(s.name(), strconv.Itoa(x.status)).Inc()
	x.log()
	if x.status >= http.StatusBadRequest {
		i.refusals.add(store.Refusal{
			Connector: s.name(), Remote: i.remote(r), Method: card.Cut(r.Method, 20), Status: x.status, Reason: i.options.Mask(x.told),
			Bytes: x.bytes, Count: 1, First: x.started, Last: x.started,
		})
	}
}

// takeRequest finds the door of a token, which has no slash, or of a path, which begins
// with one. Unless the intake is stopping, the request is counted and is to be counted
// out.
func (i *Intake) takeRequest(name string) (d *door, unknown, stopped bool) {
	hash := sha256.Sum256([]byte(name))
	i.mu.RLock()
	defer i.mu.RUnlock()
	doors, unknown := i.hooks, i.unknown
	if strings.HasPrefix(name, "/") {
		doors, unknown = i.aliases, false
	}
	if d = doors[hash]; d != nil && !i.stopped {
		i.requests.Add(1)
	}
	return d, unknown, i.stopped
}

const hooksPath = "/hooks/"

// splitHook takes "/hooks/TOKEN/rest" apart.
func splitHook(path string) (token, rest string) {
	token = strings.TrimPrefix(path, hooksPath)
	if at := strings.IndexByte(token, '/'); at >= 0 {
		return token[:at], token[at:]
	}
	return token, ""
}

// serve lets a request through when there is room for it.
func (x *exchange) serve() {
	s := x.source
	defer s.requests.Add(-1)
	if s.requests.Add(1) > int64(s.hooks.Concurrency) {
		x.unavailable("Too many requests are under way; try again soon.\n", retrySoon)
		return
	}
	if s.limiter != nil && !s.limiter.Allow() {
		x.w.Header().Set("Retry-After", retrySoon)
		x.say(http.StatusTooManyRequests, "Too many requests; try again soon.\n")
		return
	}
	limit, size := s.hooks.MaxBody, x.r.ContentLength
	if size < 0 {
		size = limit // nobody knows yet
	}
	if size > limit {
		x.refuse(&http.MaxBytesError{Limit: limit})
		return
	}
	in, ok := s.intake.room.enter(http.MaxBytesReader(x.w, x.r.Body, limit), size)
	if !ok {
		x.unavailable("Too many requests are under way; try again soon.\n", retrySoon)
		return
	}
	defer in.leave()
	body, err := x.body(in)
	if err != nil {
		x.refuse(err)
		return
	}
	x.bytes = len(body)
	body, unpacked, ok := x.unpack(body, limit)
	if !ok {
		return
	}
	defer unpacked()
	done, ok := s.intake.room.handle(s.intake.ctx, int64(len(body)))
	if !ok {
		x.unavailable("Too many requests are under way; try again soon.\n", retrySoon)
		return
	}
	defer done()
	x.receive(body)
}

// body reads the request's body, whose announced length nobody needs to believe.
func (x *exchange) body(in io.Reader) ([]byte, error) {
	if x.r.ContentLength == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	b.Grow(int(min(max(x.r.ContentLength, 0), trustedLength)) + bytes.MinRead)
	_, err := b.ReadFrom(in)
	return b.Bytes(), err
}

func (x *exchange) refuse(err error) {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		// What is still on its way would be taken for the next request.
		x.w.Header().Set("Connection", "close")
		x.say(http.StatusRequestEntityTooLarge, "The body is larger than "+strconv.FormatInt(large.Limit, 10)+" bytes.\n")
		return
	}
	if errors.Is(err, errNoRoom) {
		x.w.Header().Set("Connection", "close")
		x.unavailable("Too many requests are under way; try again soon.\n", retrySoon)
		return
	}
	x.say(http.StatusBadRequest, "The body could not be read.\n")
}

// receive has the plugin read the request, commits what it says, and only then
// answers. A sender that hangs up is not waited for, but what its request began is
// brought to an end: some do not care for the answer.
func (x *exchange) receive(body []byte) {
	s := x.source
	if s.down != nil {
		x.unavailable("The connector is not ready; try again soon.\n", retryLater)
		return
	}
	src, err := s.sourceSoon(s.intake.ctx)
	if err != nil {
		x.err = err
		x.unavailable("The connector is not ready; try again soon.\n", retryLater)
		return
	}
	reply, err := s.intake.options.Plugins.Receive(s.intake.ctx, src, pluginhost.Request{
		Method: x.r.Method, Path: x.path, Query: x.r.URL.RawQuery, Header: x.r.Header, Body: body, Remote: s.intake.remote(x.r),
	})
	if err != nil {
		x.err = err
		x.unavailable("The request could not be handled; try again soon.\n", untilRetry(err))
		return
	}
	if len(reply.Events) > 0 {
		in := intent{Batch: event.Batch{Events: reply.Events}, whole: true, fingerprint: identify(x.r.Header, body, reply.Events)}
		out, err := s.commit(context.WithoutCancel(s.intake.ctx), in)
		if err != nil {
			x.unkept(err)
			return
		}
		x.events = out.numbers
	}
	x.answer(reply)
}

// unkept answers that the request's events could not be stored: none of them was.
func (x *exchange) unkept(err error) {
	conflict, conflicts := errors.AsType[*store.ConflictError](err)
	switch {
	case conflicts:
		was := "for something else"
		if conflict.Event != 0 {
			was = fmt.Sprintf("for event %d, which is something else", conflict.Event)
		}
		x.say(http.StatusUnprocessableEntity, "The name of this request, its Webhook-Id or Idempotency-Key, was used before "+was+". Nothing was kept; give a new request a new name.\n")
	case errors.Is(err, errTooLarge):
		x.say(http.StatusRequestEntityTooLarge, "The request is "+err.Error()+".\n")
	case errors.Is(err, errOverQuota):
		x.w.Header().Set("Retry-After", untilRetry(err))
		x.say(http.StatusTooManyRequests, "The connector is "+err.Error()+".\n")
	default:
		x.err = err
		x.unavailable("The request could not be kept; try again soon.\n", retryLater)
	}
}

// untilRetry is when a sender may try again after its request could not be
// handled, in seconds.
func untilRetry(err error) string {
	if e, ok := errors.AsType[*connector.Error](err); ok && e.Kind == connector.KindThrottled {
		if wait := time.Until(e.Until); wait > 0 {
			return strconv.Itoa(int(min(wait, time.Hour).Seconds()) + 1)
		}
	}
	return retryLater
}

// answer gives the plugin's answer to the sender.
func (x *exchange) answer(reply pluginhost.Reply) {
	h := x.w.Header()
	for name, values := range reply.Header {
		if passes(name) {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	if h.Get("Content-Type") == "" && len(reply.Body) > 0 {
		h.Set("Content-Type", "text/plain; charset=utf-8") // net/http would guess
	}
	h.Set("X-Content-Type-Options", "nosniff")
	x.status = reply.Status
	if x.status < 200 || x.status > 599 {
		x.status = http.StatusOK
	}
	h.Del(eventHeader)
	if len(x.events) > 0 && x.status < http.StatusMultipleChoices {
		h.Set(eventHeader, numbers(x.events))
	}
	if t := h.Get("Content-Type"); x.status >= http.StatusBadRequest && (strings.HasPrefix(t, "text/plain") || strings.HasPrefix(t, "application/json")) {
		x.told = inShort(string(reply.Body))
	}
	x.w.WriteHeader(x.status)
	_, _ = x.w.Write(reply.Body)
}

// eventHeader tells the sender of a request which events it led to.
const eventHeader = "Relay-Event"

// mostNumbers is how many events an answer names.
const mostNumbers = 20

func numbers(events []int64) string {
	var list []string
	for _, n := range events[:min(len(events), mostNumbers)] {
		list = append(list, strconv.FormatInt(n, 10))
	}
	return strings.Join(list, ", ")
}

// inShort is the first line of an answer, for the list of refused requests.
func inShort(answer string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(answer, "\ufffd")), "\n")
	return card.Cut(line, 200)
}

// passes reports whether a plugin may set a header: those of the connection are
// the server's, and a hook has no sessions.
func passes(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Content-Length", "Date", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Set-Cookie",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return false
	}
	return !strings.HasPrefix(name, http.TrailerPrefix)
}

// say answers with a sentence of the relay's own.
func (x *exchange) say(status int, text string) {
	x.status, x.told = status, inShort(text)
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	x.w.Header().Set("X-Content-Type-Options", "nosniff")
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, text)
}

// unavailable asks the sender to try again: nothing was accepted.
func (x *exchange) unavailable(text, retryAfter string) {
	x.w.Header().Set("Retry-After", retryAfter)
	x.say(http.StatusServiceUnavailable, text)
}

// log writes the one wide line of a request. Its path is left out: the token is in
// it, and what follows may be a secret, too.
func (x *exchange) log() {
	if x.err != nil {
		x.source.complaints.Do(func() {
			x.line(x.source.log.Warn().Str("kind", string(connector.KindOf(x.err))).AnErr("error", x.err))
		})
		return
	}
	e := x.source.log.Debug()
	if len(x.events) > 0 {
		e = x.source.log.Info()
	}
	x.line(e)
}

func (x *exchange) line(e *zerolog.Event) {
	e.Str("method", x.r.Method).Str("remote", x.source.intake.remote(x.r)).Int("status", x.status).Int("bytes", x.bytes).
		Ints64("events", x.events[:min(len(x.events), mostNumbers)]).
		Float64("took_ms", float64(time.Since(x.started).Microseconds())/1000).Msg("hook request")
}
