package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/contract"
	"github.com/connector-relay/relay/relay/connector/wire"
)

// generation is one life of a plugin process, connected and described.
type generation struct {
	client   *plugin.Client
	process  *process
	rpc      wire.ConnectorClient
	requests *requests
	types    []connector.Type
	dir      string
	limits   limits
}

// launch starts a process and returns once it has described itself. If that fails,
// nothing of the process is left.
func (p *supervised) launch(ctx context.Context) (_ *generation, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.host.limits.Start)
	defer cancel()
	executable, err := p.spec.open()
	if err != nil {
		return nil, err
	}
	defer executable.Close() // even if nil
	dir, err := p.host.tempDir()
	if err != nil {
		return nil, err
	}
	out := newOutput(p.log, &p.tail, p.host.mask)
	g := &generation{process: newProcess(p.spec, executable, p.host.launcher.do, out), dir: dir, limits: p.host.limits}
	g.requests = newRequests(p, g)
	g.client = plugin.NewClient(clientConfig(g, out))
	defer func() {
		if err != nil {
			err = g.explain(ctx, err)
			g.process.kill()
			g.stop()
		}
	}()
	// go-plugin's start and its first connection take no context.
	defer context.AfterFunc(ctx, g.process.kill)()
	if err := g.connect(); err != nil {
		return nil, err
	}
	described, err := g.rpc.Describe(ctx, &wire.DescribeRequest{})
	if err != nil {
		return nil, g.callError(ctx, "Describe", err)
	}
	if g.types, err = contract.Types(described); err != nil {
		return nil, fmt.Errorf("its description is invalid: %w", err)
	}
	return g, nil
}

func clientConfig(g *generation, out *output) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: wire.CookieName, MagicCookieValue: wire.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: {wire.PluginName: nothing{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
			g.process.prepare(cmd.Env)
			return g.process, nil
		},
		StartTimeout:     g.limits.Start,
		AutoMTLS:         true,
		SkipHostEnv:      true,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: g.dir},
		SyncStdout:       out.lines("stdout"),
		SyncStderr:       out.lines("stderr"),
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage)),
			grpc.WithInitialWindowSize(wire.Window), grpc.WithInitialConnWindowSize(wire.ConnWindow),
		},
	}
}

// nothing fills go-plugin's plugin set, which must not be empty. The calls use the
// connection directly.
type nothing struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer implements [plugin.GRPCPlugin].
func (nothing) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this is the host's side")
}

// GRPCClient implements [plugin.GRPCPlugin].
func (nothing) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return wire.NewConnectorClient(c), nil
}

func (g *generation) connect() error {
	protocol, err := g.client.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense(wire.PluginName)
	if err != nil {
		return err
	}
	rpc, ok := raw.(wire.ConnectorClient)
	if !ok {
		return errors.New("it does not serve the plugin protocol")
	}
	g.rpc = rpc
	return nil
}

// explain says why a start failed, from what is known of the process rather than by the
// text of go-plugin's error.
func (g *generation) explain(ctx context.Context, err error) error {
	p := g.process
	p.mu.Lock()
	started, reaped, problem := p.started, p.reaped, p.problem
	p.mu.Unlock()
	switch {
	case problem != "":
		return errors.New(problem)
	case !started:
		return fmt.Errorf("it cannot be started: %w", err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("it was not ready within %s", g.limits.Start)
	case ctx.Err() != nil:
		return ctx.Err()
	case reaped:
		<-p.ended
		return fmt.Errorf("before it was ready, %w", p.ending())
	}
	return err
}

// stop asks the process to end, and kills it if it does not.
func (g *generation) stop() {
	late := time.AfterFunc(g.limits.Stop, g.process.kill)
	defer late.Stop()
	g.client.Kill()
	if g.process.pid() != 0 {
		g.process.kill()
		<-g.process.ended
	}
	_ = os.RemoveAll(g.dir)
}

// gone reports whether the process has ended.
func (g *generation) gone() bool {
	select {
	case <-g.process.exited:
		return true
	default:
		return false
	}
}

// ping asks the plugin for its description to see whether it still answers.
func (g *generation) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, g.limits.Hang)
	defer cancel()
	if _, err := g.rpc.Describe(ctx, &wire.DescribeRequest{}); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("it hangs: it did not answer within %s", g.limits.Hang)
		}
		return g.callError(ctx, "Describe", err)
	}
	return nil
}
