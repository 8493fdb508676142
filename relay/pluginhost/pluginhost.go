// Package pluginhost finds, verifies, launches and supervises plugin processes,
// and calls the connectors in them.
//
// A Host has the plugins of a running relay, and a reload swaps one Set of them for the
// next. supervised.go keeps a plugin running, generation.go is one process of it, call.go
// and receive.go are the calls. What a plugin says is checked by package contract; what
// becomes of its events is for package intake.
package pluginhost

import (
	"net/http"
	"time"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/outbound"
)

// Spec says how to run one plugin executable.
type Spec struct {
	// Name is the plugin block's label, the executable's name after
	// "relay-plugin-", or the bundled connector's type.
	Name string
	// Path is the executable; Args are its arguments.
	Path string
	Args []string
	// SHA256 pins the executable's checksum; empty means it is not pinned.
	SHA256 []byte
	// Env is the plugin's whole environment, as NAME=value.
	Env []string
	// Bundled says that the executable is the relay itself.
	Bundled bool
	// Found says that the plugin lies in the plugin directory without a plugin block, so
	// it may not be needed.
	Found bool
	// Unfit is why a found plugin must not run; nil when it may.
	Unfit error
}

// Call is the configured connector that a call is for, with all that its plugin needs.
type Call struct {
	Type      string
	Connector string
	// Arguments is a JSON object with defaults filled in. It may hold secrets.
	Arguments []byte
	HookURL   string
	// Token is the access token of a sign-in, or empty.
	Token string
	// HTTP is how the plugin makes requests.
	HTTP outbound.Settings
	// Preview is [connector.Poll.Preview], for Poll only.
	Preview int
}

// Request is one HTTP request for a connector's hook.
type Request struct {
	Method string
	Path   string
	Query  string
	Header http.Header
	Body   []byte
	Remote string
}

// Reply is the answer to a Request, and the events in it.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	Events []event.Event
}

// Status is a plugin process's state.
type Status struct {
	Spec
	Types []string
	// Generation counts the plugin's processes from 1; 0 means it never ran.
	Generation int
	// Version is what the plugin says of itself; it may be empty.
	Version string
	PID     int
	// Memory is how many bytes of memory the process holds; 0 where that is not known.
	Memory  int64
	Running bool
	// Problem is why it does not run; empty when it does.
	Problem string
	// Restart is when it is started again; zero while it runs.
	Restart time.Time
}
