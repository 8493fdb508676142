package pluginhost

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// runPlugin is the plugin process.
func runPlugin(mode string) {
	switch mode {
	case "good", "other":
		connector.Serve(func() connector.Connector { return &good{typ: mode} })
	case "twin":
		connector.Serve(func() connector.Connector { return &good{typ: "good"} })
	case "crash-at-start":
		fmt.Fprintln(os.Stderr, "cannot find the licence file")
		os.Exit(4)
	case "hang-at-start":
		select {}
	case "not-a-plugin":
		fmt.Fprintln(os.Stdout, "Hello! Usage: …")
		time.Sleep(time.Minute)
	case "endless-line":
		for {
			fmt.Fprint(os.Stdout, strings.Repeat("x", 4096))
		}
	case "slow-start":
		time.Sleep(700 * time.Millisecond)
		connector.Serve(func() connector.Connector { return &good{typ: mode} })
	case "version-1":
		serveRaw(1, &liar{})
	case "version-7":
		serveRaw(7, &liar{})
	default:
		serveRaw(wire.ProtocolVersion, &liar{mode: mode})
	}
}

// good does what its arguments and requests say.
type good struct {
	typ string

	Act    string `relay:"act"`
	Secret string `relay:"secret,secret"`
	Count  int    `relay:"count" default:"3"`
}

func (g *good) Describe() connector.Description {
	return connector.Description{
		Type: g.typ, Title: "Good", Summary: "A plugin for tests.", Version: "1.2.3",
		Kinds: []connector.Kind{{Name: "tick", Doc: "A tick.", Sample: tick(0)}},
	}
}

func tick(i int) event.Event {
	return event.Event{
		Key: fmt.Sprintf("key-%d", i), Kind: "tick", Time: time.Unix(1_700_000_000, 0).UTC(),
		Card: card.Card{Title: fmt.Sprintf("Tick %d", i), Text: "tock"}, Data: json.RawMessage(`{"n":1}`),
	}
}

func (g *good) Validate() []connector.Problem {
	if g.Act == "invalid" {
		return []connector.Problem{{Argument: "act", Message: "must not be that"}}
	}
	return nil
}

func (g *good) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	p.Log.Info("a poll", "connector_secret", g.Secret, "checkpoint", string(p.Checkpoint))
	switch g.Act {
	case "throttled":
		return time.Minute, connector.Throttled(time.Unix(2_000_000_000, 0), "come back later")
	case "unauthorised":
		return 0, fmt.Errorf("get: %w", connector.Unauthorised("sign in again, %s", g.Secret))
	case "gone":
		return 0, connector.Gone("it is no more")
	case "misconfigured":
		return 0, connector.Misconfigured("no such repository")
	case "temporary":
		return 0, errors.New("a bad day")
	case "panic":
		panic("a bug in the plugin")
	case "crash":
		os.Exit(9)
	case "stop":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "forever":
		<-ctx.Done()
		return 0, ctx.Err()
	case "too-big":
		e := tick(0)
		e.Data = json.RawMessage(`{"x":"` + strings.Repeat("x", wire.MaxMessage) + `"}`)
		return 0, p.Emit(ctx, event.Batch{Events: []event.Event{e}})
	}
	count := g.Count
	if p.Preview > 0 {
		count = p.Preview
	}
	for i := range count {
		b := event.Batch{Events: []event.Event{tick(i)}, Checkpoint: fmt.Appendf(nil, "%s+%d", p.Checkpoint, i)}
		if err := p.Emit(ctx, b); err != nil {
			p.Log.Warn("emit failed", "error", err)
			return 0, err
		}
	}
	p.Note("3 ticks")
	p.Knew(7, connector.Known{Key: "tick", Title: "A tick", Because: "it ticked before"})
	return 90 * time.Second, nil
}

func (g *good) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	switch r.Path {
	case "/env":
		return connector.Reply{Body: []byte(strings.Join(os.Environ(), "\n"))}, nil
	case "/pid":
		return connector.Reply{Body: fmt.Append(nil, os.Getpid())}, nil
	case "/panic":
		panic("a request it did not expect: " + r.Query)
	case "/crash":
		os.Exit(9)
	case "/slow":
		time.Sleep(300 * time.Millisecond)
	case "/hang":
		select {}
	case "/fetch":
		response, err := r.HTTP.Get(string(r.Body))
		if err != nil {
			return connector.Reply{}, fmt.Errorf("fetch: %w", err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return connector.Reply{Body: body}, err
	case "/ignore-term":
		signal.Ignore(syscall.SIGTERM)
	case "/print":
		fmt.Fprintln(os.Stdout, string(r.Body))
		fmt.Fprintln(os.Stderr, string(r.Body))
	case "/child":
		child := exec.Command("/bin/sleep", "600")
		if err := child.Start(); err != nil {
			return connector.Reply{}, err
		}
		return connector.Reply{Body: fmt.Append(nil, child.Process.Pid)}, nil
	}
	e := tick(1)
	e.Key = r.Query
	return connector.Reply{
		Status: http.StatusAccepted, Header: http.Header{"X-Echo": r.Header["X-Sent"]}, Body: append([]byte("got "), r.Body...),
		Events: []event.Event{e},
	}, nil
}

// liar speaks the protocol and breaks the contract.
type liar struct {
	wire.UnimplementedConnectorServer
	mode string
}

// serveRaw serves without the SDK.
func serveRaw(version int, s wire.ConnectorServer) {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: wire.CookieName, MagicCookieValue: wire.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{version: {wire.PluginName: raw{server: s}}},
		GRPCServer:       plugin.DefaultGRPCServer,
		Logger:           hclog.NewNullLogger(),
	})
}

type raw struct {
	plugin.NetRPCUnsupportedPlugin
	server wire.ConnectorServer
}

func (r raw) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	wire.RegisterConnectorServer(g, r.server)
	return nil
}

func (r raw) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

func (l *liar) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	d := &wire.Description{Type: l.mode, Title: "Liar", Polls: true, Receives: true}
	switch l.mode {
	case "crash-unless":
		if _, err := os.Stat(os.Getenv("WELL")); err != nil {
			time.AfterFunc(50*time.Millisecond, func() { panic("the sky fell") })
		}
	case "no-types":
		return &wire.DescribeResponse{}, nil
	case "bad-schema":
		d.Type = "Bad Schema"
		number := &wire.ValueType{Kind: wire.ValueType_NUMBER}
		d.Arguments = []*wire.Argument{{Name: "route", Type: number}, {Name: "n"}, {Name: "m", Type: number, DefaultJson: `"x"`}}
	case "deep-type", "deeper-type":
		t := &wire.ValueType{Kind: wire.ValueType_ANY}
		for range map[string]int{"deep-type": 9_900, "deeper-type": 20_000}[l.mode] {
			t = &wire.ValueType{Kind: wire.ValueType_LIST, Element: t}
		}
		d.Arguments = []*wire.Argument{{Name: "a", Type: t}}
	}
	return &wire.DescribeResponse{Types: []*wire.Description{d}}, nil
}

func (l *liar) Poll(s wire.Connector_PollServer) error {
	if _, err := s.Recv(); err != nil {
		return err
	}
	send := func(e *wire.Event) error {
		return s.Send(&wire.PollResponse{Message: &wire.PollResponse_Batch{Batch: &wire.Batch{Events: []*wire.Event{e}}}})
	}
	switch l.mode {
	case "bad-card":
		return send(&wire.Event{Key: "k", Kind: "tick", Card: []byte(`{"title": 3`)})
	case "long-key":
		return send(&wire.Event{Key: strings.Repeat("k", 5000), Kind: "tick", Card: []byte(`{"title":"x"}`)})
	case "bad-data":
		return send(&wire.Event{Key: "k", Kind: "tick", Card: []byte(`{"title":"x"}`), Data: []byte(`[1]`)})
	case "bad-kind":
		return send(&wire.Event{Key: "k", Kind: "no\nkind", Card: []byte(`{"title":"x"}`)})
	case "huge":
		return send(&wire.Event{Key: "k", Kind: "tick", Data: make([]byte, wire.MaxMessage+1)})
	case "nothing":
		return s.Send(&wire.PollResponse{})
	case "flood":
		for {
			e := &wire.Event{Key: "k", Kind: "tick", Card: []byte(`{"title":"` + strings.Repeat("x", 10_000) + `"}`)}
			if err := send(e); err != nil {
				return err
			}
		}
	}
	return nil // without done
}

func (l *liar) Receive(s wire.Connector_ReceiveServer) error {
	for {
		r, err := s.Recv()
		if err != nil {
			return err
		}
		if err := s.Send(&wire.ReceiveResponse{Results: l.results(r.GetRequests()[0].GetId())}); err != nil {
			return err
		}
	}
}

func (l *liar) results(id uint64) []*wire.ReceiveResult {
	one := &wire.ReceiveResult{Id: id, Response: &wire.HTTPResponse{Status: 200}}
	switch l.mode {
	case "bad-card":
		one.Events = []*wire.Event{{Kind: "tick", Card: []byte(`[]`)}}
	case "bad-data":
		one.Response.Status = 42
	case "bad-kind":
		one.Response.Header = map[string]*wire.HeaderValues{"X-A": {Values: []string{"a\r\nSet-Cookie: b"}}}
	case "nothing":
		one.Id = 0
	case "long-key":
		one.Id = id + 1
	}
	return []*wire.ReceiveResult{one}
}

// runHost is a relay in a process of its own: it prints the process numbers of
// its plugin and the plugin's child and waits to be killed.
func runHost() {
	path, _ := os.Executable()
	h := New(Options{})
	set, err := h.Prepare(context.Background(), []Spec{{Name: "good", Path: path, Args: []string{"plugin", "good"}}})
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		os.Exit(1)
	}
	h.Adopt(set)
	for _, path := range []string{"/pid", "/child"} {
		r, err := h.Receive(context.Background(), Call{Type: "good", Connector: "c"}, Request{Path: path})
		if err != nil {
			fmt.Fprintln(os.Stdout, err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stdout, string(r.Body))
	}
	_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
	os.Exit(0)
}
