package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// endpoint is one question of the API. The handler serves it, the client asks it and the
// description tells of it.
type endpoint struct {
	// method is the name of the method of [operator.Relay] that answers.
	method string
	route  route
	// scope is what a token must allow; package guard decides it, and the description tells it.
	scope access.Scope
	call
}

// endpoints lists all questions.
func endpoints() []endpoint {
	return []endpoint{
		{"Status", "GET /status", access.Read, plain(operator.Relay.Status)},
		{"Problems", "GET /problems", access.Read, plain(operator.Relay.Problems)},
		{"Connectors", "GET /connectors", access.Read, plain(operator.Relay.Connectors)},
		{"Channels", "GET /channels", access.Read, plain(operator.Relay.Channels)},
		{"Plugins", "GET /plugins", access.Read, plain(operator.Relay.Plugins)},
		{"PluginLog", "GET /plugins/{name}/log", access.Read, named(operator.Relay.PluginLog)},
		{"Deliveries", "GET /deliveries", access.Read, queried(deliveryFields, operator.Relay.Deliveries)},
		{"Count", "GET /deliveries/count", access.Read, queried(deliveryConditions, operator.Relay.Count)},
		{"Rates", "GET /rates", access.Read, plain(operator.Relay.Rates)},
		{"Waiting", "GET /channels/{name}/waiting", access.Read, named(operator.Relay.Waiting)},
		{"Payload", "GET /deliveries/{id}/payload", access.Read, numbered(operator.Relay.Payload)},
		{"Delivery", "GET /deliveries/{id}", access.Read, numbered(operator.Relay.Delivery)},
		{"Events", "GET /events", access.Read, queried(eventFields, operator.Relay.Events)},
		{"Refusals", "GET /refused", access.Read, queried(textFields("connector"), operator.Relay.Refusals)},
		{"Mutes", "GET /mutes", access.Read, plain(operator.Relay.Mutes)},
		{"Configuration", "GET /configuration", access.Read, plain(operator.Relay.Configuration)},
		{"Me", "GET /me", access.Read, plain(operator.Relay.Me)},
		{"AuditLog", "GET /audit", access.Read, queried(auditFields, operator.Relay.AuditLog)},
		{"Tokens", "GET /tokens", access.Read, plain(operator.Relay.Tokens)},
		{"Explain", "GET /explain", access.Read, queried(textFields("event"), operator.Relay.Explain)},

		{"Send", "POST /channels/{name}/send", access.Operate, about(operator.Relay.Send)},
		{"Pause", "POST /channels/{name}/pause", access.Operate, pause()},
		{"Drain", "POST /channels/{name}/drain", access.Operate, told(operator.Relay.Drain)},
		{"Resume", "POST /channels/{name}/resume", access.Operate, told(operator.Relay.Resume)},
		{"Poll", "POST /connectors/{name}/poll", access.Operate, named(operator.Relay.Poll)},
		{"DryRun", "POST /connectors/{name}/dry-run", access.Operate, named(operator.Relay.DryRun)},
		{"PostCard", "POST /connectors/{name}/post", access.Operate, about(operator.Relay.PostCard)},
		{"SignIn", "POST /connectors/{name}/sign-in", access.Configure, named(operator.Relay.SignIn)},
		{"AwaitSignIn", "GET /sign-ins/{name}", access.Configure, await()},
		{"PasteToken", "POST /sign-ins/{name}/token", access.Configure, pasteToken()},
		{"Mute", "POST /mutes", access.Operate, posted(operator.Relay.Mute)},
		{"Unmute", "DELETE /mutes/{id}", access.Operate, unmute()},
		{"Replay", "POST /dead-letters/replay", access.Operate, posted(operator.Relay.Replay)},
		{"Dismiss", "POST /dead-letters/dismiss", access.Operate, posted(operator.Relay.Dismiss)},

		{"AddPicture", "POST /pictures", access.Configure, large(6<<20, posted(operator.Relay.AddPicture))},
		{"Types", "GET /connector-types", access.Read, plain(operator.Relay.Types)},
		{"Blocks", "GET /saved", access.Read, plain(operator.Relay.Blocks)},
		{"Export", "GET /export", access.Read, plain(operator.Relay.Export)},
		{"Draft", "POST /draft", access.Configure, posted(operator.Relay.Draft)},
		{"TryConnector", "POST /try", access.Configure, posted(operator.Relay.TryConnector)},
		{"Save", "POST /saved", access.Configure, posted(operator.Relay.Save)},
		{"RemoveBlock", "POST /saved/{name}/remove", access.Configure, removeBlock()},
		{"TakeOver", "POST /saved/{name}/take-over", access.Configure, named(operator.Relay.TakeOver)},
		{"Doctor", "POST /channels/{name}/doctor", access.Operate, named(operator.Relay.Doctor)},
		{"Preview", "POST /playground/preview", access.Operate, large(3<<20, posted(operator.Relay.Preview))},
		{"TryRoute", "POST /playground/route", access.Operate, posted(operator.Relay.TryRoute)},

		{"RotateHook", "POST /connectors/{name}/rotate", access.Configure, rotate()},
		{"ForgetConnector", "POST /connectors/{name}/forget", access.Operate, told(operator.Relay.ForgetConnector)},
		{"ForgetChannel", "POST /channels/{name}/forget", access.Operate, named(operator.Relay.ForgetChannel)},
		{"CreateToken", "POST /tokens", access.Configure, posted(operator.Relay.CreateToken)},
		{"RevokeToken", "POST /tokens/revoke", access.Configure, revokeToken()},
		{"Plan", "POST /plan", access.Configure, plain(operator.Relay.Plan)},
		{"Reload", "POST /reload", access.Configure, plain(operator.Relay.Reload)},
	}
}

// root is the path under which all routes are.
const root = "/api/v1"

// route is a method and a path below [root]. The path may hold one value: {name}, or {id}
// for a number.
type route string

func (r route) cut() (method, path string) {
	method, path, _ = strings.Cut(string(r), " ")
	return method, root + path
}

// pattern is the route for a [http.ServeMux].
func (r route) pattern() string {
	method, path := r.cut()
	return method + " " + path
}

// url returns the path with its value filled in.
func (r route) url(value string) string {
	_, path := r.cut()
	return strings.NewReplacer("{name}", url.PathEscape(value), "{id}", url.PathEscape(value)).Replace(path)
}

// call is how a question is answered, and what of it the description needs to know.
type call struct {
	answer func(operator.Relay, *http.Request) (any, error)
	// query, body and answered are the fields of its query and the types of what it takes and
	// gives; body is nil when it takes none.
	query          []field
	body, answered reflect.Type
	// most is how many bytes a body may have, if they are more than usual.
	most int64
}

// large is a question with a larger body than most.
func large(most int64, c call) call {
	c.most = most
	return c
}

// plain is a question without parameters.
func plain[A any](ask func(operator.Relay, context.Context) (A, error)) call {
	return call{answered: reflect.TypeFor[A](), answer: func(r operator.Relay, req *http.Request) (any, error) { return ask(r, req.Context()) }}
}

// named is a question about the channel, connector or sign-in in the path.
func named[A any](ask func(operator.Relay, context.Context, string) (A, error)) call {
	return call{answered: reflect.TypeFor[A](), answer: func(r operator.Relay, req *http.Request) (any, error) {
		return ask(r, req.Context(), req.PathValue("name"))
	}}
}

// numbered is a question about what has the number in the path.
func numbered[A any](ask func(operator.Relay, context.Context, int64) (A, error)) call {
	return call{answered: reflect.TypeFor[A](), answer: func(r operator.Relay, req *http.Request) (any, error) {
		id, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q: %w: it is no number", req.PathValue("id"), operator.ErrNotFound)
		}
		return ask(r, req.Context(), id)
	}}
}

func unmute() call {
	return numbered(func(r operator.Relay, ctx context.Context, id int64) (struct{}, error) {
		return struct{}{}, r.Unmute(ctx, id)
	})
}

// told is like named, for actions that return nothing.
func told(do func(operator.Relay, context.Context, string) error) call {
	return named(func(r operator.Relay, ctx context.Context, name string) (struct{}, error) {
		return struct{}{}, do(r, ctx, name)
	})
}

// queried is a question that the URL's query narrows.
func queried[Q, A any](fields func(*Q) []field, ask func(operator.Relay, context.Context, Q) (A, error)) call {
	return call{query: fields(new(Q)), answered: reflect.TypeFor[A](), answer: func(r operator.Relay, req *http.Request) (any, error) {
		var q Q
		if err := parse(fields(&q), req.URL.RawQuery); err != nil {
			return nil, err
		}
		return ask(r, req.Context(), q)
	}}
}

// posted is a question with a body.
func posted[B, A any](ask func(operator.Relay, context.Context, B) (A, error)) call {
	return about(func(r operator.Relay, ctx context.Context, _ string, body B) (A, error) { return ask(r, ctx, body) })
}

// about is a question with a body about the channel, connector or sign-in in the path.
func about[B, A any](ask func(operator.Relay, context.Context, string, B) (A, error)) call {
	return call{body: reflect.TypeFor[B](), answered: reflect.TypeFor[A](), answer: func(r operator.Relay, req *http.Request) (any, error) {
		body, err := decode[B](req)
		if err != nil {
			return nil, err
		}
		return ask(r, req.Context(), req.PathValue("name"), body)
	}}
}

func revokeToken() call {
	return posted(func(r operator.Relay, ctx context.Context, t operator.TokenRef) (struct{}, error) {
		return struct{}{}, r.RevokeToken(ctx, t)
	})
}

// pausing is why a channel is paused.
type pausing struct {
	Reason string `json:"reason,omitempty"`
}

func pause() call {
	return about(func(r operator.Relay, ctx context.Context, channel string, p pausing) (struct{}, error) {
		return struct{}{}, r.Pause(ctx, channel, p.Reason)
	})
}

// removal says which revision of a saved connector is removed.
type removal struct {
	Revision int64 `json:"revision"`
}

func removeBlock() call {
	return about(func(r operator.Relay, ctx context.Context, connector string, w removal) (struct{}, error) {
		return struct{}{}, r.RemoveBlock(ctx, connector, w.Revision)
	})
}

// rotation says for how long the old hook URL goes on working, as in "1h30m".
type rotation struct {
	Grace string `json:"grace,omitempty"`
}

func rotate() call {
	return about(func(r operator.Relay, ctx context.Context, connector string, w rotation) (operator.Connector, error) {
		grace, err := time.ParseDuration(cmp.Or(w.Grace, "0s"))
		if err != nil || grace < 0 {
			return operator.Connector{}, fmt.Errorf("%w: the grace time is no duration like 1h30m", operator.ErrInvalid)
		}
		return r.RotateHook(ctx, connector, grace)
	})
}

// pastedToken is a token that a person created on a service's page.
type pastedToken struct {
	Token string `json:"token"`
}

func pasteToken() call {
	return about(func(r operator.Relay, ctx context.Context, id string, p pastedToken) (struct{}, error) {
		return struct{}{}, r.PasteToken(ctx, id, p.Token)
	})
}

// signedIn says whether a sign-in is over; if it is not, ask again.
type signedIn struct {
	Over bool `json:"over"`
}

// askAgain is how long a question about a sign-in waits, less than proxies do.
const askAgain = 40 * time.Second

func await() call {
	return named(func(r operator.Relay, ctx context.Context, id string) (signedIn, error) {
		waiting, cancel := context.WithTimeout(ctx, askAgain)
		defer cancel()
		err := r.AwaitSignIn(waiting, id)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return signedIn{}, nil
		}
		return signedIn{Over: err == nil}, err
	})
}
