package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
)

// route is the method and path of one question, with the names of path values in braces.
// Both sides of the wire use it: [Handler] serves it, and [Client] asks it.
type route string

const (
	statusRoute     route = "GET /api/status"
	connectorsRoute route = "GET /api/connectors"
	channelsRoute   route = "GET /api/channels"
	pluginsRoute    route = "GET /api/plugins"
	deliveriesRoute route = "GET /api/deliveries"
	eventsRoute     route = "GET /api/events"
	refusedRoute    route = "GET /api/refused"
	explainRoute    route = "GET /api/explain"

	sendRoute            route = "POST /api/channels/{name}/send"
	pauseRoute           route = "POST /api/channels/{name}/pause"
	resumeRoute          route = "POST /api/channels/{name}/resume"
	forgetChannelRoute   route = "POST /api/channels/{name}/forget"
	forgetConnectorRoute route = "POST /api/connectors/{name}/forget"
	rotateRoute          route = "POST /api/connectors/{name}/rotate"
	pollRoute            route = "POST /api/connectors/{name}/poll"
	dryRunRoute          route = "POST /api/connectors/{name}/dry-run"
	signInRoute          route = "POST /api/connectors/{name}/sign-in"
	awaitSignInRoute     route = "GET /api/sign-ins/{name}"
	pasteTokenRoute      route = "POST /api/sign-ins/{name}/token"
	replayRoute          route = "POST /api/dead-letters/replay"
	dismissRoute         route = "POST /api/dead-letters/dismiss"
	planRoute            route = "POST /api/plan"
	reloadRoute          route = "POST /api/reload"
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

// Handler serves a relay as JSON below /api/. With readOnly it answers only what
// changes nothing; the dashboard's listener has no sign-in of its own yet.
func Handler(r Relay, readOnly bool) http.Handler {
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
type guarded struct{ Relay }

// Connectors implements [Relay].
func (g guarded) Connectors(ctx context.Context) ([]Connector, error) {
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
type answer func(Relay, *http.Request) (any, error)

// endpoints lists all questions, each with the method of [Relay] that answers it.
func endpoints() []endpoint {
	return []endpoint{
		{statusRoute, reads, plain(Relay.Status)},
		{connectorsRoute, reads, plain(Relay.Connectors)},
		{channelsRoute, reads, plain(Relay.Channels)},
		{pluginsRoute, reads, plain(Relay.Plugins)},
		{deliveriesRoute, reads, queried(parse(deliveryFields), Relay.Deliveries)},
		{eventsRoute, reads, queried(parse(eventFields), Relay.Events)},
		{refusedRoute, reads, queried(parse(textFields("connector")), Relay.Refusals)},
		{explainRoute, reads, queried(parse(textFields("event")), Relay.Explain)},

		{sendRoute, changes, send},
		{pauseRoute, changes, func(r Relay, req *http.Request) (any, error) {
			return struct{}{}, r.Pause(req.Context(), req.PathValue(pathValue), req.URL.Query().Get("reason"))
		}},
		{resumeRoute, changes, told(Relay.Resume)},
		{forgetChannelRoute, changes, named(Relay.ForgetChannel)},
		{forgetConnectorRoute, changes, told(Relay.ForgetConnector)},
		{rotateRoute, changes, rotate},
		{pollRoute, changes, named(Relay.Poll)},
		{dryRunRoute, changes, named(Relay.DryRun)},
		{signInRoute, changes, named(Relay.SignIn)},
		{awaitSignInRoute, changes, told(Relay.AwaitSignIn)},
		{pasteTokenRoute, changes, pasteToken},
		{replayRoute, changes, posted(Relay.Replay)},
		{dismissRoute, changes, posted(Relay.Dismiss)},
		{planRoute, changes, plain(Relay.Plan)},
		{reloadRoute, changes, plain(Relay.Reload)},
	}
}

// plain answers a question without parameters.
func plain[A any](ask func(Relay, context.Context) (A, error)) answer {
	return func(r Relay, req *http.Request) (any, error) { return ask(r, req.Context()) }
}

// named answers a question about the channel, connector or sign-in in the path.
func named[A any](ask func(Relay, context.Context, string) (A, error)) answer {
	return func(r Relay, req *http.Request) (any, error) { return ask(r, req.Context(), req.PathValue(pathValue)) }
}

// told is like named, for actions that return nothing.
func told(do func(Relay, context.Context, string) error) answer {
	return named(func(r Relay, ctx context.Context, name string) (struct{}, error) { return struct{}{}, do(r, ctx, name) })
}

// queried answers a question that the URL's query narrows.
func queried[Q, A any](parse func(url.Values) (Q, error), ask func(Relay, context.Context, Q) (A, error)) answer {
	return func(r Relay, req *http.Request) (any, error) {
		q, err := parse(req.URL.Query())
		if err != nil {
			return nil, err
		}
		return ask(r, req.Context(), q)
	}
}

// posted answers a question with a body.
func posted[B, A any](ask func(Relay, context.Context, B) (A, error)) answer {
	return func(r Relay, req *http.Request) (any, error) {
		body, err := decode[B](req)
		if err != nil {
			return nil, err
		}
		return ask(r, req.Context(), body)
	}
}

func send(r Relay, req *http.Request) (any, error) {
	c, err := decode[card.Card](req)
	if err != nil {
		return nil, err
	}
	return r.Send(req.Context(), req.PathValue(pathValue), c)
}

func rotate(r Relay, req *http.Request) (any, error) {
	grace, err := time.ParseDuration(req.URL.Query().Get("grace"))
	if err != nil || grace < 0 {
		return nil, fmt.Errorf("%w: the grace time is no duration", ErrInvalid)
	}
	return r.RotateHook(req.Context(), req.PathValue(pathValue), grace)
}

// pasted is the body with a token that a person created on a service's page.
type pasted struct {
	Token string `json:"token"`
}

func pasteToken(r Relay, req *http.Request) (any, error) {
	p, err := decode[pasted](req)
	if err != nil {
		return nil, err
	}
	return struct{}{}, r.PasteToken(req.Context(), req.PathValue(pathValue), p.Token)
}

func decode[B any](req *http.Request) (body B, err error) {
	if err := json.NewDecoder(http.MaxBytesReader(nil, req.Body, maxBody)).Decode(&body); err != nil {
		return body, fmt.Errorf("%w request: %w", ErrInvalid, err)
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
	case errors.Is(err, ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, ErrInvalid):
		status = http.StatusUnprocessableEntity
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
