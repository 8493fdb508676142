package operator

import (
	"net/url"
	"strings"
)

// route is the method and path of one question, with the names of path values in
// braces. Both sides of the wire take it from here: [Handler] serves it, and [Client]
// asks it.
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
