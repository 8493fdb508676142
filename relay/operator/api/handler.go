// Package api carries [operator.Relay] over HTTP, as JSON below /api/v1/: [Handler] serves a
// relay, and a [Client] asks one elsewhere.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/operator"
)

// route is the method and path of one question, with the names of path values in braces.
// Both sides of the wire use it: [Handler] serves it, and [Client] asks it.
type route string

const (
	statusRoute     route = "GET /api/v1/status"
	problemsRoute   route = "GET /api/v1/problems"
	connectorsRoute route = "GET /api/v1/connectors"
	channelsRoute   route = "GET /api/v1/channels"
	pluginsRoute    route = "GET /api/v1/plugins"
	deliveriesRoute route = "GET /api/v1/deliveries"
	deliveryRoute   route = "GET /api/v1/deliveries/{name}"
	eventsRoute     route = "GET /api/v1/events"
	refusedRoute    route = "GET /api/v1/refused"
	explainRoute    route = "GET /api/v1/explain"

	sendRoute            route = "POST /api/v1/channels/{name}/send"
	pauseRoute           route = "POST /api/v1/channels/{name}/pause"
	resumeRoute          route = "POST /api/v1/channels/{name}/resume"
	forgetChannelRoute   route = "POST /api/v1/channels/{name}/forget"
	forgetConnectorRoute route = "POST /api/v1/connectors/{name}/forget"
	rotateRoute          route = "POST /api/v1/connectors/{name}/rotate"
	pollRoute            route = "POST /api/v1/connectors/{name}/poll"
	dryRunRoute          route = "POST /api/v1/connectors/{name}/dry-run"
	signInRoute          route = "POST /api/v1/connectors/{name}/sign-in"
	awaitSignInRoute     route = "GET /api/v1/sign-ins/{name}"
	pasteTokenRoute      route = "POST /api/v1/sign-ins/{name}/token"
	replayRoute          route = "POST /api/v1/dead-letters/replay"
	dismissRoute         route = "POST /api/v1/dead-letters/dismiss"
	planRoute            route = "POST /api/v1/plan"
	reloadRoute          route = "POST /api/v1/reload"
)

// pathValue is the one value that a path can hold.
const pathValue = "name"

// method returns the HTTP method.
func (r route) method() string {
	method, _, _ := strings.Cut(string(r), " ")
	return method
}

// path returns the path with a name filled in, for a client.
func (r route) path(name string) string {
	_, path, _ := strings.Cut(string(r), " ")
	return strings.ReplaceAll(path, "{"+pathValue+"}", url.PathEscape(name))
}

// maxBody bounds a request to the operator API, in bytes. Cards are far smaller.
const maxBody = 4 << 20

// Handler serves a relay as JSON below /api/v1/. With readOnly it answers only what
// changes nothing; the dashboard's listener has no sign-in of its own yet.
func Handler(r operator.Relay, readOnly bool) http.Handler {
	if readOnly {
		r = guarded{r}
	}
	mux := http.NewServeMux()
	for _, e := range endpoints() {
		if e.effect == changes && readOnly {
			continue
		}
		mux.HandleFunc(string(e.route), func(w http.ResponseWriter, req *http.Request) {
			v, err := e.answer(r, req)
			if err != nil {
				writeProblem(w, err)
				return
			}
			write(w, http.StatusOK, v)
		})
	}
	return mux
}

// guarded is a relay that reveals no hook URLs, because whoever has one can post.
type guarded struct{ operator.Relay }

// Connectors implements [operator.Relay].
func (g guarded) Connectors(ctx context.Context) ([]operator.Connector, error) {
	list, err := g.Relay.Connectors(ctx)
	for i := range list {
		list[i].HookURL = ""
		if f := list[i].FormerHook; f != nil {
			f.URL = ""
		}
	}
	return list, err
}

// effect says how a question affects the relay.
type effect bool

const (
	reads   effect = false
	changes effect = true
)

// endpoint is one question of the API: its route, its effect, and how it is answered.
type endpoint struct {
	route  route
	effect effect
	answer answer
}

// answer passes a request's question to a relay.
type answer func(operator.Relay, *http.Request) (any, error)

// endpoints lists all questions, each with the method of [operator.Relay] that answers it.
func endpoints() []endpoint {
	return []endpoint{
		{statusRoute, reads, plain(operator.Relay.Status)},
		{problemsRoute, reads, plain(operator.Relay.Problems)},
		{connectorsRoute, reads, plain(operator.Relay.Connectors)},
		{channelsRoute, reads, plain(operator.Relay.Channels)},
		{pluginsRoute, reads, plain(operator.Relay.Plugins)},
		{deliveriesRoute, reads, queried(parse(deliveryFields), operator.Relay.Deliveries)},
		{deliveryRoute, reads, numbered(operator.Relay.Delivery)},
		{eventsRoute, reads, queried(parse(eventFields), operator.Relay.Events)},
		{refusedRoute, reads, queried(parse(textFields("connector")), operator.Relay.Refusals)},
		{explainRoute, reads, queried(parse(textFields("event")), operator.Relay.Explain)},

		{sendRoute, changes, send},
		{pauseRoute, changes, func(r operator.Relay, req *http.Request) (any, error) {
			return struct{}{}, r.Pause(req.Context(), req.PathValue(pathValue), req.URL.Query().Get("reason"))
		}},
		{resumeRoute, changes, told(operator.Relay.Resume)},
		{forgetChannelRoute, changes, named(operator.Relay.ForgetChannel)},
		{forgetConnectorRoute, changes, told(operator.Relay.ForgetConnector)},
		{rotateRoute, changes, rotate},
		{pollRoute, changes, named(operator.Relay.Poll)},
		{dryRunRoute, changes, named(operator.Relay.DryRun)},
		{signInRoute, changes, named(operator.Relay.SignIn)},
		{awaitSignInRoute, changes, told(operator.Relay.AwaitSignIn)},
		{pasteTokenRoute, changes, pasteToken},
		{replayRoute, changes, posted(operator.Relay.Replay)},
		{dismissRoute, changes, posted(operator.Relay.Dismiss)},
		{planRoute, changes, plain(operator.Relay.Plan)},
		{reloadRoute, changes, plain(operator.Relay.Reload)},
	}
}

// plain answers a question without parameters.
func plain[A any](ask func(operator.Relay, context.Context) (A, error)) answer {
	return func(r operator.Relay, req *http.Request) (any, error) { return ask(r, req.Context()) }
}

// named answers a question about the channel, connector or sign-in in the path.
func named[A any](ask func(operator.Relay, context.Context, string) (A, error)) answer {
	return func(r operator.Relay, req *http.Request) (any, error) {
		return ask(r, req.Context(), req.PathValue(pathValue))
	}
}

// numbered answers a question about the delivery in the path.
func numbered[A any](ask func(operator.Relay, context.Context, int64) (A, error)) answer {
	return func(r operator.Relay, req *http.Request) (any, error) {
		id, err := strconv.ParseInt(req.PathValue(pathValue), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("delivery %s: %w", req.PathValue(pathValue), operator.ErrNotFound)
		}
		return ask(r, req.Context(), id)
	}
}

// told is like named, for actions that return nothing.
func told(do func(operator.Relay, context.Context, string) error) answer {
	return named(func(r operator.Relay, ctx context.Context, name string) (struct{}, error) {
		return struct{}{}, do(r, ctx, name)
	})
}

// queried answers a question that the URL's query narrows.
func queried[Q, A any](parse func(url.Values) (Q, error), ask func(operator.Relay, context.Context, Q) (A, error)) answer {
	return func(r operator.Relay, req *http.Request) (any, error) {
		q, err := parse(req.URL.Query())
		if err != nil {
			return nil, err
		}
		return ask(r, req.Context(), q)
	}
}

// posted answers a question with a body.
func posted[B, A any](ask func(operator.Relay, context.Context, B) (A, error)) answer {
	return func(r operator.Relay, req *http.Request) (any, error) {
		body, err := decode[B](req)
		if err != nil {
			return nil, err
		}
		return ask(r, req.Context(), body)
	}
}

func send(r operator.Relay, req *http.Request) (any, error) {
	c, err := decode[card.Card](req)
	if err != nil {
		return nil, err
	}
	return r.Send(req.Context(), req.PathValue(pathValue), c)
}

func rotate(r operator.Relay, req *http.Request) (any, error) {
	grace, err := time.ParseDuration(req.URL.Query().Get("grace"))
	if err != nil || grace < 0 {
		return nil, fmt.Errorf("%w: the grace time is no duration", operator.ErrInvalid)
	}
	return r.RotateHook(req.Context(), req.PathValue(pathValue), grace)
}

// pasted is the body with a token that a person created on a service's page.
type pasted struct {
	Token string `json:"token"`
}

func pasteToken(r operator.Relay, req *http.Request) (any, error) {
	p, err := decode[pasted](req)
	if err != nil {
		return nil, err
	}
	return struct{}{}, r.PasteToken(req.Context(), req.PathValue(pathValue), p.Token)
}

func decode[B any](req *http.Request) (body B, err error) {
	if err := json.NewDecoder(http.MaxBytesReader(nil, req.Body, maxBody)).Decode(&body); err != nil {
		return body, fmt.Errorf("%w request: %w", operator.ErrInvalid, err)
	}
	return body, nil
}

// problem is an error in its wire form.
type problem struct {
	Error string `json:"error"`
}

func writeProblem(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, operator.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, operator.ErrInvalid):
		status = http.StatusUnprocessableEntity
	case errors.Is(err, operator.ErrForbidden):
		status = http.StatusForbidden
	case errors.Is(err, operator.ErrConflict):
		status = http.StatusConflict
	}
	write(w, status, problem{Error: err.Error()})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	// There is nobody to tell when the client has gone away.
	_ = enc.Encode(v)
}
