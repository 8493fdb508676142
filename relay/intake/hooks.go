package intake

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// DefaultMaxBody bounds the body of a request to a hook. A card is at most 28 KB;
// some services send more about an event than fits a card.
const DefaultMaxBody = 1 << 20

// retryAfter is what a sender is told when its request could not be kept just
// now, in seconds.
const retryAfter = "5"

// Hooks answers below /hooks/.
func (i *Intake) Hooks() http.Handler { return http.HandlerFunc(i.serveHook) }

// serveHook hands a request to the connector that its token names. Any method
// goes through: some services verify a hook with HEAD, GET or OPTIONS.
func (i *Intake) serveHook(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	token, path := splitHook(r.URL.EscapedPath())
	s := i.bySecret(token)
	if s == nil {
		// The same answer in the same time, whatever was asked for.
		answer(w, http.StatusNotFound, "There is no such hook.\n")
		return
	}
	if i.isStopped() {
		unavailable(w, "The relay is stopping; try again soon.\n")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, i.options.MaxBody))
	if err != nil {
		i.refuseBody(w, s, err)
		return
	}
	status := s.receive(w, r, path, body)
	i.metrics.requests.WithLabelValues(s.name(), strconv.Itoa(status)).Inc()
	s.intake.options.Log.Debug().Str("connector", s.name()).Str("method", r.Method).Int("status", status).Int("bytes", len(body)).
		Float64("took_ms", float64(time.Since(started).Microseconds())/1000).Msg("hook request")
}

func (i *Intake) refuseBody(w http.ResponseWriter, s *source, err error) {
	status := http.StatusBadRequest
	text := "The body could not be read.\n"
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		status = http.StatusRequestEntityTooLarge
		text = "The body is larger than " + strconv.FormatInt(i.options.MaxBody, 10) + " bytes.\n"
	}
	i.metrics.requests.WithLabelValues(s.name(), strconv.Itoa(status)).Inc()
	answer(w, status, text)
}

// splitHook takes "/hooks/TOKEN/rest" apart.
func splitHook(path string) (token, rest string) {
	token = strings.TrimPrefix(path, "/hooks/")
	if at := strings.IndexByte(token, '/'); at >= 0 {
		return token[:at], token[at:]
	}
	return token, ""
}

func (i *Intake) bySecret(token string) *source {
	hash := sha256.Sum256([]byte(token))
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.hooks[hash]
}

// receive has the plugin read the request, commits what it says, and only then
// answers. It returns the status.
func (s *source) receive(w http.ResponseWriter, r *http.Request, path string, body []byte) int {
	src, err := s.arguments()
	if err != nil {
		s.intake.options.Log.Error().Err(err).Str("connector", s.name()).Msg("the arguments cannot be read")
		return unavailable(w, "The connector is not ready; try again soon.\n")
	}
	// A sender that hangs up may have been told nothing, but what its request
	// began is brought to an end.
	ctx := context.WithoutCancel(r.Context())
	reply, err := s.intake.options.Plugins.Receive(ctx, src, pluginhost.Request{
		Method: r.Method, Path: path, Query: r.URL.RawQuery, Header: r.Header, Body: body, Remote: s.intake.remote(r),
	})
	if err != nil {
		s.intake.options.Log.Warn().Err(err).Str("kind", string(connector.KindOf(err))).Str("connector", s.name()).Msg("a request to the hook could not be read")
		return unavailable(w, "The request could not be handled; try again soon.\n")
	}
	if len(reply.Events) > 0 {
		if _, _, err := s.commit(ctx, event.Batch{Events: reply.Events}); err != nil {
			s.intake.options.Log.Error().Err(err).Str("connector", s.name()).Msg("a request to the hook could not be kept")
			if errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrClosed) {
				return unavailable(w, "The request could not be kept; try again soon.\n")
			}
			return answer(w, http.StatusInternalServerError, "The request could not be kept.\n")
		}
	}
	return write(w, reply)
}

// write gives the plugin's answer to the sender.
func write(w http.ResponseWriter, reply pluginhost.Reply) int {
	for name, values := range reply.Header {
		if passes(name) {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	status := reply.Status
	if status < 200 || status > 599 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	_, _ = w.Write(reply.Body)
	return status
}

// passes reports whether a plugin may set a header: those of the connection are
// the server's.
func passes(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "content-length", "transfer-encoding", "upgrade", "trailer", "te", "keep-alive", "set-cookie":
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, text string) int {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
	return status
}

// unavailable asks the sender to try again: nothing was accepted.
func unavailable(w http.ResponseWriter, text string) int {
	w.Header().Set("Retry-After", retryAfter)
	return answer(w, http.StatusServiceUnavailable, text)
}

// remote is the sender's address: the peer's, or, behind a proxy that is trusted,
// the nearest one that the proxies report and that is none of them.
func (i *Intake) remote(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for n := len(hops) - 1; n >= 0 && i.trusted(addr); n-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[n]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	return addr.String()
}

func (i *Intake) trusted(a netip.Addr) bool {
	for _, p := range i.options.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
