package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/contract"
	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// Client talks to a connector as the relay does, over gRPC, but in this process.
// It may be used by several goroutines.
type Client struct {
	// Name is the configured connector's name; New sets it to "test". A different name
	// means a different connector.
	Name string
	// HookURL is the one that the connector gets.
	HookURL string
	// Token is the result of a sign-in.
	Token string
	// Arguments are the connector's, by name.
	Arguments map[string]any

	typ connector.Type
	rpc wire.ConnectorClient
	// polling counts the polls that the connector has not returned from.
	polling *atomic.Int32
}

// New serves a connector until the test ends. What it logs goes to the test's
// output. Its HTTP client may reach loopback addresses, and no other private ones.
func New(t testing.TB, factory func() connector.Connector, arguments map[string]any) *Client {
	t.Helper()
	server, err := connector.NewServer(slog.New(slog.NewTextHandler(t.Output(), nil)), factory)
	if err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	polling := &atomic.Int32{}
	g := grpc.NewServer(grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage),
		grpc.StreamInterceptor(func(s any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			polling.Add(1)
			defer polling.Add(-1)
			return next(s, stream)
		}))
	wire.RegisterConnectorServer(g, server)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = g.Serve(listener)
	}()
	conn, err := grpc.NewClient("passthrough:///connector",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		g.Stop()
		<-served
	})
	c := &Client{
		Name: "test", HookURL: "https://relay.test/hooks/token", Arguments: arguments,
		rpc: wire.NewConnectorClient(conn), polling: polling,
	}
	described, err := c.rpc.Describe(t.Context(), &wire.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	types, err := contract.Types(described)
	if err != nil {
		t.Fatalf("the relay would refuse the description: %v", err)
	}
	c.typ = types[0]
	return c
}

// Type is the connector type as it describes itself.
func (c *Client) Type() connector.Type { return c.typ }

func (c *Client) call() (*wire.Call, error) {
	arguments, err := json.Marshal(c.Arguments)
	if err != nil {
		return nil, fmt.Errorf("encode the arguments: %w", err)
	}
	if c.Arguments == nil {
		arguments = []byte("{}")
	}
	return &wire.Call{
		Type: c.typ.Type, Connector: c.Name, Arguments: arguments, HookUrl: c.HookURL, Token: c.Token,
		Http: &wire.HTTP{Allow: []string{"127.0.0.0/8", "::1/128"}, UserAgent: "connectortest"},
	}, nil
}

// Validate has the connector check its arguments.
func (c *Client) Validate(ctx context.Context) ([]connector.Problem, error) {
	call, err := c.call()
	if err != nil {
		return nil, err
	}
	w, err := c.rpc.Validate(ctx, &wire.ValidateRequest{Type: call.GetType(), Connector: call.GetConnector(), Arguments: call.GetArguments()})
	return contract.Problems(w), err
}

// SignIn asks how a person signs in; it returns nil when nobody needs to.
func (c *Client) SignIn(ctx context.Context) (*connector.SignIn, error) {
	call, err := c.call()
	if err != nil {
		return nil, err
	}
	w, err := c.rpc.SignIn(ctx, &wire.SignInRequest{Type: call.GetType(), Connector: call.GetConnector(), Arguments: call.GetArguments()})
	if err != nil {
		return nil, err
	}
	return contract.SignIn(w)
}

// Remove has the connector undo what it has set up at its source.
func (c *Client) Remove(ctx context.Context, at event.Checkpoint) error {
	call, err := c.call()
	if err != nil {
		return err
	}
	w, err := c.rpc.Remove(ctx, &wire.RemoveRequest{Call: call, Checkpoint: at})
	if err != nil {
		return err
	}
	if failure := contract.Error(w.GetFailure()); failure != nil {
		return failure
	}
	return nil
}

// Polled is the result of a poll.
type Polled struct {
	Batches []event.Batch
	// Checkpoint is the last one that was emitted, or else the one with which the poll began.
	Checkpoint event.Checkpoint
	Again      time.Duration
	Note       string
	// Known is what the connector considers known, and KnownCount how much that is.
	Known      []connector.Known
	KnownCount int
}

// Events are the events of all batches.
func (p Polled) Events() []event.Event {
	var list []event.Event
	for _, b := range p.Batches {
		list = append(list, b.Events...)
	}
	return list
}

// Poll makes one poll and stores all that it emits.
func (c *Client) Poll(ctx context.Context, at event.Checkpoint) (Polled, error) {
	return c.PollWith(ctx, at, func(event.Batch) error { return nil })
}

// PollWith makes one poll; a batch counts as stored when commit returns nil, and
// the poll is cancelled when it does not. What was stored before an error is in
// the result.
func (c *Client) PollWith(ctx context.Context, at event.Checkpoint, commit func(event.Batch) error) (Polled, error) {
	polled := Polled{Checkpoint: at}
	call, err := c.call()
	if err != nil {
		return polled, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.rpc.Poll(ctx)
	if err != nil {
		return polled, err
	}
	start := &wire.PollStart{Call: call, Checkpoint: at}
	if err := stream.Send(&wire.PollRequest{Message: &wire.PollRequest_Start{Start: start}}); err != nil {
		return polled, err
	}
	for {
		w, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return polled, errors.New("the poll ended without done")
		case err != nil:
			return polled, err
		case w.GetDone() != nil:
			polled.Again, polled.Note = contract.Again(w.GetDone()), contract.Note(w.GetDone())
			polled.KnownCount, polled.Known = contract.Known(w.GetDone())
			if failure := contract.Error(w.GetDone().GetFailure()); failure != nil {
				return polled, failure
			}
			return polled, nil
		}
		b, err := wire.ToBatch(w.GetBatch())
		if err != nil {
			return polled, fmt.Errorf("the relay would refuse the batch: %w", err)
		}
		if err := commit(b); err != nil {
			return polled, err
		}
		polled.Batches = append(polled.Batches, b)
		if b.Checkpoint != nil {
			polled.Checkpoint = b.Checkpoint
		}
		if err := stream.Send(&wire.PollRequest{Message: &wire.PollRequest_Committed{Committed: &wire.Committed{}}}); err != nil && !errors.Is(err, io.EOF) {
			return polled, err
		}
	}
}

// Receive hands a request to the connector; it uses only those parts of the request that
// come from a sender.
func (c *Client) Receive(ctx context.Context, r connector.Request) (connector.Reply, error) {
	call, err := c.call()
	if err != nil {
		return connector.Reply{}, err
	}
	w := &wire.HTTPRequest{Method: r.Method, Path: r.Path, Query: r.Query, Body: r.Body, Remote: r.Remote, Header: make(map[string]*wire.HeaderValues)}
	for name, values := range r.Header {
		w.Header[name] = &wire.HeaderValues{Values: values}
	}
	w.Id = 1
	stream, err := c.rpc.Receive(ctx)
	if err != nil {
		return connector.Reply{}, err
	}
	request := &wire.ReceiveRequest{Calls: []*wire.Call{call}, Requests: []*wire.HTTPRequest{w}, Timeout: durationpb.New(time.Minute)}
	if err := errors.Join(stream.Send(request), stream.CloseSend()); err != nil {
		return connector.Reply{}, err
	}
	response, err := stream.Recv()
	if err != nil {
		return connector.Reply{}, err
	}
	if len(response.GetResults()) != 1 {
		return connector.Reply{}, fmt.Errorf("one request has %d results", len(response.GetResults()))
	}
	return contract.Reply(response.GetResults()[0])
}
