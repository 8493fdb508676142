package connector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"reflect"
	"runtime/debug"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/outbound"
)

// server is the plugin's side of the protocol.
type server struct {
	wire.UnimplementedConnectorServer
	served      map[string]*served
	types       *wire.DescribeResponse
	values      values
	connections outbound.Pool
	pool        pool
	log         *slog.Logger
}

// served is one connector type that the server serves.
type served struct {
	factory func() Connector
	fields  []field
}

// NewServer returns the gRPC service that [Serve] serves, for tests that want it
// within their own process. A nil log is standard error.
func NewServer(log *slog.Logger, factories ...func() Connector) (wire.ConnectorServer, error) {
	if log == nil {
		log = newLog(os.Stderr)
	}
	s := &server{served: make(map[string]*served), types: &wire.DescribeResponse{}, pool: newPool(), log: log}
	if len(factories) == 0 {
		return nil, errors.New("there is no connector to serve")
	}
	for _, factory := range factories {
		if err := s.add(factory); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *server) add(factory func() Connector) error {
	c := factory()
	t := reflect.TypeOf(c)
	if t == nil {
		return errors.New("a factory returns nil instead of a connector")
	}
	fields, err := schemaOf(t)
	if err != nil {
		return err
	}
	_, polls := c.(Poller)
	_, receives := c.(Receiver)
	_, signsIn := c.(Authenticator)
	if !polls && !receives {
		return fmt.Errorf("%s has neither a Poll nor a Receive method", t)
	}
	d := c.Describe()
	if d.Type == "" {
		return fmt.Errorf("%s describes itself without a Type", t)
	}
	if s.served[d.Type] != nil {
		return fmt.Errorf("two connectors are of type %q", d.Type)
	}
	w, err := describe(d, fields)
	if err != nil {
		return fmt.Errorf("connector type %s: %w", d.Type, err)
	}
	w.Polls, w.Receives, w.SignsIn = polls, receives, signsIn
	s.served[d.Type] = &served{factory: factory, fields: fields}
	s.types.Types = append(s.types.Types, w)
	return nil
}

// describe puts a description into its wire form.
func describe(d Description, fields []field) (*wire.Description, error) {
	w := &wire.Description{
		Type: d.Type, Title: d.Title, Summary: d.Summary, Version: d.Version, Icon: d.Icon, Schedule: d.Schedule,
	}
	if w.Version == "" {
		if info, ok := debug.ReadBuildInfo(); ok {
			w.Version = info.Main.Version
		}
	}
	for _, f := range fields {
		w.Arguments = append(w.Arguments, f.toWire())
	}
	for _, k := range d.Kinds {
		sample := k.Sample
		sample.Kind = k.Name
		e, err := wire.FromEvent(sample)
		if err != nil {
			return nil, fmt.Errorf("the sample of kind %q: %w", k.Name, err)
		}
		w.Kinds = append(w.Kinds, &wire.EventKind{Name: k.Name, Doc: k.Doc, Sample: e})
	}
	return w, nil
}

// Describe implements the service.
func (s *server) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	return s.types, nil
}

// Validate implements the service.
func (s *server) Validate(_ context.Context, r *wire.ValidateRequest) (*wire.ValidateResponse, error) {
	kind, ok := s.served[r.GetType()]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "there is no connector type %q here", r.GetType())
	}
	c := kind.factory()
	problems := decodeArguments(kind.fields, r.GetArguments(), c)
	if v, ok := c.(Validator); ok && len(problems) == 0 {
		err := s.guarded("Validate", r.GetConnector(), func() error { problems = v.Validate(); return nil })
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	out := &wire.ValidateResponse{}
	for _, p := range problems {
		out.Problems = append(out.Problems, &wire.Problem{Argument: valid(p.Argument), Message: valid(p.Message)})
	}
	return out, nil
}

// call is one call with its connector, made ready for it.
type call struct {
	value Connector
	http  *http.Client
	log   *slog.Logger
}

// call prepares a call, with the value that its connector already has, if any.
func (s *server) call(w *wire.Call) (call, error) {
	kind, ok := s.served[w.GetType()]
	if !ok {
		return call{}, Misconfigured("there is no connector type %q in this plugin", w.GetType())
	}
	settings, err := wire.ToSettings(w.GetHttp())
	if err != nil {
		return call{}, Misconfigured("%w", err)
	}
	client, err := s.connections.Client(settings)
	if err != nil {
		return call{}, Misconfigured("%w", err)
	}
	value, err := s.values.get(w, func() (Connector, error) {
		c := kind.factory()
		if problems := decodeArguments(kind.fields, w.GetArguments(), c); len(problems) > 0 {
			return nil, Misconfigured("argument %s: %s", problems[0].Argument, problems[0].Message)
		}
		return c, nil
	})
	if err != nil {
		return call{}, err
	}
	return call{value: value, http: client, log: s.log.With("connector", w.GetConnector())}, nil
}

// guarded runs an author's code and turns a panic into a temporary error, with
// the stack in the log.
func (s *server) guarded(call, connector string, f func() error) (err error) {
	finished := false
	defer func() {
		if finished {
			return
		}
		r := recover()
		if r == nil {
			err = fmt.Errorf("the connector ended its goroutine in %s", call)
			return
		}
		s.log.Error("the connector panicked", "connector", connector, "call", call,
			"panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		err = fmt.Errorf("the connector panicked in %s; the log has the stack", call)
	}()
	err = f()
	finished = true
	return err
}

// Poll implements the service.
func (s *server) Poll(stream wire.Connector_PollServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	start := first.GetStart()
	if start == nil {
		return status.Error(codes.InvalidArgument, "a poll begins with start")
	}
	done := s.poll(stream, start)
	if ctx := stream.Context(); ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	return stream.Send(&wire.PollResponse{Message: &wire.PollResponse_Done{Done: done}})
}

func (s *server) poll(stream wire.Connector_PollServer, start *wire.PollStart) *wire.PollDone {
	c, err := s.call(start.GetCall())
	if err != nil {
		return &wire.PollDone{Failure: failureOf(err)}
	}
	poller, ok := c.value.(Poller)
	if !ok {
		return &wire.PollDone{Failure: failureOf(Misconfigured("connector type %s does not poll", start.GetCall().GetType()))}
	}
	e := newEmitter(stream)
	defer e.close()
	p := c.poll(start.GetCall(), start.GetCheckpoint())
	p.Preview, p.emit = int(start.GetPreview()), e.emit
	done := &wire.PollDone{}
	err = s.guarded("Poll", p.Connector, func() error {
		again, err := poller.Poll(stream.Context(), p)
		if again > 0 {
			done.Again = durationpb.New(again)
		}
		return cmp.Or(err, p.end(stream.Context(), err))
	})
	done.Failure, done.Note = failureOf(err), valid(p.note)
	done.KnownCount = int32(min(p.knownCount, math.MaxInt32)) //nolint:gosec // bounded on the spot
	for _, k := range p.known {
		done.Known = append(done.Known, &wire.Known{Key: valid(k.Key), Title: valid(k.Title), Because: valid(k.Because)})
	}
	return done
}

// poll returns what a connector learns about itself.
func (c call) poll(w *wire.Call, at []byte) *Poll {
	return &Poll{
		Connector: w.GetConnector(), HookURL: w.GetHookUrl(), Checkpoint: event.Checkpoint(at), Token: w.GetToken(),
		HTTP: c.http, Log: c.log,
	}
}

// Remove implements the service.
func (s *server) Remove(ctx context.Context, r *wire.RemoveRequest) (*wire.RemoveResponse, error) {
	c, err := s.call(r.GetCall())
	if remover, ok := c.value.(Remover); ok && err == nil {
		p := c.poll(r.GetCall(), r.GetCheckpoint())
		p.emit = func(context.Context, *wire.Batch) error { return errPollOver }
		err = s.guarded("Remove", p.Connector, func() error { return remover.Remove(ctx, p) })
	}
	return &wire.RemoveResponse{Failure: failureOf(err)}, nil
}

// failureOf puts an error into its wire form, without what URLs hide.
func failureOf(err error) *wire.Failure {
	if err == nil {
		return nil
	}
	f := &wire.Failure{Message: valid(CleanError(err).Error())}
	switch KindOf(err) {
	case KindThrottled:
		f.Kind = wire.Failure_THROTTLED
	case KindUnauthorised:
		f.Kind = wire.Failure_UNAUTHORISED
	case KindGone:
		f.Kind = wire.Failure_GONE
	case KindMisconfigured:
		f.Kind = wire.Failure_MISCONFIGURED
	case KindTemporary:
	}
	if e, ok := errors.AsType[*Error](err); ok && !e.Until.IsZero() {
		f.Until = timestamppb.New(e.Until)
	}
	return f
}
