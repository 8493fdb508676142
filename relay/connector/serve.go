package connector

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/memory"
)

// Serve serves connector types to the relay that started this process, one for
// each factory, and never returns. It is what a plugin's main calls; a factory
// returns a new, empty connector.
//
// The fields of a connector's struct that have a relay tag are its arguments:
//
//	URL      string        `relay:"url,required,secret" doc:"The feed's address."`
//	Interval time.Duration `relay:"interval" default:"30s"`
//	Order    string        `relay:"order" default:"new" allowed:"new,old"`
//	Labels   []string      `relay:"labels" default:"[\"a\", \"b\"]"`
//
// A field may be a string, bool, number, [time.Duration] (text such as "1h30m"), slice
// ([Patterns] among them), map with string keys, struct with tagged fields of its own,
// any, or a pointer to one of them (nil when the argument is not set). An embedded struct
// without a tag lends its fields. A default is JSON, but plain text for strings and
// durations.
//
// The process ends when the relay says so or dies, however it dies; the processes
// it started end with it. SIGINT and SIGTERM are ignored while the relay lives:
// a service manager sends them to the whole group, and the relay still needs its
// plugins to stop in order.
func Serve(factories ...func() Connector) {
	if os.Getenv(wire.CookieName) != wire.CookieValue {
		fmt.Fprintln(os.Stderr, "This is a plugin of the relay and does nothing by itself. "+
			"Name it in a plugin block of relay.hcl, or put it into plugin_dir.")
		os.Exit(1)
	}
	s, err := NewServer(newLog(os.Stderr), factories...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot serve:", err)
		os.Exit(1)
	}
	endWithHost()
	memory.Limit(memory.Plugin)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: wire.CookieName, MagicCookieValue: wire.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: {wire.PluginName: service{server: s}}},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage),
				grpc.InitialWindowSize(wire.Window), grpc.InitialConnWindowSize(wire.ConnWindow))...)
		},
	})
	os.Exit(0)
}

// service connects the server to go-plugin.
type service struct {
	plugin.NetRPCUnsupportedPlugin
	server wire.ConnectorServer
}

var _ plugin.GRPCPlugin = service{}

// GRPCServer implements [plugin.GRPCPlugin].
func (s service) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	wire.RegisterConnectorServer(g, s.server)
	return nil
}

// GRPCClient implements [plugin.GRPCPlugin].
func (s service) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("this is the plugin's side")
}
