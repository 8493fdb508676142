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
	// defaultMaxBody bounds the body of a request to a hook, in bytes. A card is at most
	// 28 KB, but some services send much more about an event.
	defaultMaxBody = 1 << 20
	// defaultHookConcurrency bounds the requests to one connector's hook that are
	// under way at a time. A commit takes milliseconds, and the more requests share
	// one, the faster all are.
	defaultHookConcurrency = 1024
	// trustedLength is how much memory a request's Content-Length alone can reserve, in
	// bytes.
	trustedLength = 64 << 10
	// retrySoon and retryLater are the Retry-After of requests that may succeed in a
	// moment, in seconds.
	retrySoon  = "1"
	retryLater = "5"
)

// Hooks answers at /hooks/TOKEN and below, and at connectors' own paths. It hands every
// method to the plugin: some services verify a hook with HEAD, GET or OPTIONS. An
// unknown or closed hook gets net/http's own 404, like any other address of the
// listener; a disabled connector's senders are asked to try again.
func (i *Intake) Hooks() http.Handler { return http.HandlerFunc(i.serveHook) }

// exchange is one request to a hook and what the log says of it.
type exchange struct {
	intake  *Intake
	hook    *hook
	w       http.ResponseWriter
	r       *http.Request
	path    string
	started time.Time
	status  int
	bytes   int
	// events are the numbers of the events that the request led to.
	events []int64
	// answered is the first line of the answer to a refused request.
	answered string
	// closed says that the hook was closed: the operators hear of it, the log does not.
	closed bool
	err    error
}

func (i *Intake) serveHook(w http.ResponseWriter, r *http.Request) {
	name, path := r.URL.Path, "" // of an alias
	if strings.HasPrefix(name, hooksPath) {
		name, path = splitHook(r.URL.EscapedPath())
	}
	h, pending, stopped := i.takeRequest(name)
	x := &exchange{intake: i, hook: h, w: w, r: r, path: path, started: time.Now()}
	switch {
	case h != nil && !stopped:
		defer i.requests.Done()
		x.serve()
	case h != nil && h.runner != nil:
		x.unavailable("The relay is stopping; try again soon.\n", retryLater)
	case pending: // its token may not be read yet: its sender must not take it for gone
		x.unavailable("The connector is not ready; try again soon.\n", retryLater)
		return
	default:
		http.NotFound(w, r)
		return
	}
	x.record()
}

// record counts and logs the request, and notes a refused one for the operators.
func (x *exchange) record() {
	i := x.intake
	i.metrics.requests.WithLabelValues(x.hook.name, strconv.Itoa(x.status)).Inc()
	if !x.closed {
		x.log()
	}
	if x.status >= http.StatusBadRequest {
		i.refusals.add(store.Refusal{
			Connector: x.hook.name, Remote: i.remote(x.r), Method: card.Cut(x.r.Method, 20), Status: x.status, Reason: i.options.Mask(x.answered),
			Bytes: x.bytes, Count: 1, First: x.started, Last: x.started,
		})
	}
}

// takeRequest finds the hook of a token, which has no slash, or of a path, which begins
// with one. Unless the intake is stopping, it adds a found hook's request to
// i.requests.
func (i *Intake) takeRequest(name string) (h *hook, pending, stopped bool) {
	hash := sha256.Sum256([]byte(name))
	i.mu.RLock()
	defer i.mu.RUnlock()
	hooks, pending := i.hooks, i.pending
	if strings.HasPrefix(name, "/") {
		hooks, pending = i.aliases, false
	}
	if h = hooks[hash]; h != nil && !i.stopped {
		i.requests.Add(1)
	}
	return h, pending, i.stopped
}

const hooksPath = "/hooks/"

// splitHook splits "/hooks/TOKEN/rest".
func splitHook(path string) (token, rest string) {
	token = strings.TrimPrefix(path, hooksPath)
	if at := strings.IndexByte(token, '/'); at >= 0 {
		return token[:at], token[at:]
	}
	return token, ""
}

// serve reads a request to an open hook within its bounds and has it received.
func (x *exchange) serve() {
	if !x.enter() {
		return
	}
	i, r := x.intake, x.hook.runner
	defer r.requests.Add(-1)
	if r.requests.Add(1) > int64(r.hooks.Concurrency) {
		x.busy()
		return
	}
	if r.limiter != nil && !r.limiter.Allow() {
		x.w.Header().Set("Retry-After", retrySoon)
		x.say(http.StatusTooManyRequests, "Too many requests; try again soon.\n")
		return
	}
	limit, size := r.hooks.MaxBody, x.r.ContentLength
	if size < 0 {
		size = limit // unknown
	}
	if size > limit {
		x.refuse(&http.MaxBytesError{Limit: limit})
		return
	}
	in, ok := i.budget.open(http.MaxBytesReader(x.w, x.r.Body, limit), size)
	if !ok {
		x.busy()
		return
	}
	defer in.release()
	body, err := x.body(in)
	if err != nil {
		x.refuse(err)
		return
	}
	x.bytes = len(body)
	body, release, ok := x.unpack(body, limit)
	if !ok {
		return
	}
	defer release()
	done, ok := i.budget.handle(i.ctx, int64(len(body)))
	if !ok {
		x.busy()
		return
	}
	defer done()
	x.receive(body)
}

// body reads the request's body without trusting its announced length.
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
		// The unread rest of the body would be taken for the next request.
		x.w.Header().Set("Connection", "close")
		x.say(http.StatusRequestEntityTooLarge, "The body is larger than "+strconv.FormatInt(large.Limit, 10)+" bytes.\n")
		return
	}
	if errors.Is(err, errNoRoom) {
		x.w.Header().Set("Connection", "close")
		x.busy()
		return
	}
	x.say(http.StatusBadRequest, "The body cannot be read.\n")
}

// receive hands the request to the plugin, commits the events, and only then answers.
// It finishes even if the sender hangs up: some do not wait for the answer.
func (x *exchange) receive(body []byte) {
	i, r := x.intake, x.hook.runner
	if r.down != nil {
		x.unavailable("The connector is not ready; try again soon.\n", retryLater)
		return
	}
	src, err := r.callSoon(i.ctx)
	if err != nil {
		x.err = err
		x.unavailable("The connector is not ready; try again soon.\n", retryLater)
		return
	}
	reply, err := i.options.Plugins.Receive(i.ctx, src, pluginhost.Request{
		Method: x.r.Method, Path: x.path, Query: x.r.URL.RawQuery, Header: x.r.Header, Body: body, Remote: i.remote(x.r),
	})
	if err != nil {
		x.err = err
		x.unavailable("The request could not be processed; try again soon.\n", untilRetry(err))
		return
	}
	if len(reply.Events) > 0 {
		in := submission{Batch: event.Batch{Events: reply.Events}, whole: true, fingerprint: identify(x.r.Header, body, reply.Events)}
		out, err := r.commit(context.WithoutCancel(i.ctx), in)
		if err != nil {
			x.unstored(err)
			return
		}
		x.events = out.numbers
	}
	x.answer(reply)
}

// unstored answers a request none of whose events could be stored.
func (x *exchange) unstored(err error) {
	conflict, conflicts := errors.AsType[*store.ConflictError](err)
	switch {
	case conflicts:
		was := "for another body"
		if conflict.Event != 0 {
			was = fmt.Sprintf("for event %d, which has another body", conflict.Event)
		}
		x.say(http.StatusUnprocessableEntity, "This request's Webhook-Id or Idempotency-Key was already used "+was+". Nothing was stored; send a new request with a new key.\n")
	case errors.Is(err, errTooLarge):
		x.say(http.StatusRequestEntityTooLarge, "The request is "+err.Error()+".\n")
	case errors.Is(err, errOverQuota):
		x.w.Header().Set("Retry-After", untilRetry(err))
		x.say(http.StatusTooManyRequests, "The connector is "+err.Error()+".\n")
	default:
		x.err = err
		x.unavailable("The request could not be stored; try again soon.\n", retryLater)
	}
}

// untilRetry is the Retry-After of a request that the plugin failed, in seconds.
func untilRetry(err error) string {
	if e, ok := errors.AsType[*connector.Error](err); ok && e.Kind == connector.KindThrottled {
		if wait := time.Until(e.Until); wait > 0 {
			return strconv.Itoa(int(min(wait, time.Hour).Seconds()) + 1)
		}
	}
	return retryLater
}

// answer writes the plugin's answer.
func (x *exchange) answer(reply pluginhost.Reply) {
	h := x.w.Header()
	for name, values := range reply.Header {
		if passes(name) {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	if h.Get("Content-Type") == "" && len(reply.Body) > 0 {
		h.Set("Content-Type", "text/plain; charset=utf-8") // or net/http would guess
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
		x.answered = firstLine(string(reply.Body))
	}
	x.w.WriteHeader(x.status)
	_, _ = x.w.Write(reply.Body)
}

// eventHeader tells the sender of a request which events it led to.
const eventHeader = "Relay-Event"

// mostNumbers bounds how many events an answer names.
const mostNumbers = 20

func numbers(events []int64) string {
	var list []string
	for _, n := range events[:min(len(events), mostNumbers)] {
		list = append(list, strconv.FormatInt(n, 10))
	}
	return strings.Join(list, ", ")
}

// firstLine is the first line of an answer, for the list of refused requests.
func firstLine(answer string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(answer, "\ufffd")), "\n")
	return card.Cut(line, 200)
}

// passes reports whether a plugin may set a header: the connection's belong to the
// server, and a hook has no sessions.
func passes(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Content-Length", "Date", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Set-Cookie",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return false
	}
	return !strings.HasPrefix(name, http.TrailerPrefix)
}

// say answers with a sentence of the relay's.
func (x *exchange) say(status int, text string) {
	x.status, x.answered = status, firstLine(text)
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

// busy asks the sender to try again in a moment.
func (x *exchange) busy() {
	x.unavailable("Too many requests are under way; try again soon.\n", retrySoon)
}

// log writes the one wide line of a request, without its path: the token is in it, and
// what follows may be secret too.
func (x *exchange) log() {
	if x.err != nil {
		x.hook.runner.complaints.Do(func() {
			x.line(x.hook.runner.log.Warn().Str("kind", string(connector.KindOf(x.err))).AnErr("error", x.err))
		})
		return
	}
	e := x.hook.runner.log.Debug()
	if len(x.events) > 0 {
		e = x.hook.runner.log.Info()
	}
	x.line(e)
}

func (x *exchange) line(e *zerolog.Event) {
	e.Str("method", x.r.Method).Str("remote", x.intake.remote(x.r)).Int("status", x.status).Int("bytes", x.bytes).
		Ints64("events", x.events[:min(len(x.events), mostNumbers)]).
		Float64("took_ms", float64(time.Since(x.started).Microseconds())/1000).Msg("hook request")
}
