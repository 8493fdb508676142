package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/contract"
	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// maxPreview is more events than anybody looks at.
const maxPreview = 10_000

// Validate has the plugin check a connector's arguments. The source's arguments
// may hold secrets; the problems do not.
func (s *Set) Validate(ctx context.Context, src Call) ([]connector.Problem, error) {
	p, err := s.owner(src.Type)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.host.limits.Validate)
	defer cancel()
	start := time.Now()
	var problems []connector.Problem
	err = p.survive(func() error {
		problems, err = p.validate(ctx, src)
		return err
	})
	s.host.metrics.count(p.spec.Name, "validate", err)
	s.host.metrics.seconds.WithLabelValues(p.spec.Name, "validate").Observe(since(start))
	return problems, err
}

func (p *supervised) validate(ctx context.Context, src Call) ([]connector.Problem, error) {
	g, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer p.end()
	w, err := g.rpc.Validate(ctx, &wire.ValidateRequest{Type: src.Type, Connector: src.Connector, Arguments: src.Arguments})
	if err != nil {
		return nil, p.failed(g.callError(ctx, "Validate", err))
	}
	problems := contract.Problems(w)
	for i := range problems {
		problems[i].Message = p.host.mask(problems[i].Message)
	}
	return problems, nil
}

// Poll asks a connector for what is new. It calls emit with each batch, one after
// the other, and tells the plugin that a batch is stored when emit returns nil;
// an error of emit ends the poll and is returned. Every error is a
// [connector.Error].
func (h *Host) Poll(ctx context.Context, src Call, at event.Checkpoint, emit func(context.Context, event.Batch) error) (Done, error) {
	p, err := h.current.Load().owner(src.Type)
	if err != nil {
		return Done{}, err
	}
	var done Done
	err = p.survive(func() error {
		done, err = p.poll(ctx, src, at, emit)
		return err
	})
	h.metrics.count(p.spec.Name, "poll", err)
	return done, err
}

// Done is what a plugin says at the end of a poll.
type Done struct {
	// Again is how long the source asks to wait, 0 when it does not say.
	Again time.Duration
	// Note is a line for people about how the connector stands with its source.
	Note string
	// Known is what it takes for known, and KnownCount how much that is.
	Known      []connector.Known
	KnownCount int
}

func (p *supervised) poll(ctx context.Context, src Call, at event.Checkpoint, emit func(context.Context, event.Batch) error) (Done, error) {
	g, err := p.begin(ctx)
	if err != nil {
		return Done{}, err
	}
	defer p.end()
	source, err := src.toWire()
	if err != nil {
		return Done{}, p.failed(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := g.rpc.Poll(ctx)
	if err != nil {
		return Done{}, p.failed(g.callError(ctx, "Poll", err))
	}
	start := &wire.PollStart{Source: source, Checkpoint: at, Preview: int32(min(max(src.Preview, 0), maxPreview))} //nolint:gosec // bounded on the spot
	// An error of Send is io.EOF; Recv has the true one.
	_ = stream.Send(&wire.PollRequest{Message: &wire.PollRequest_Start{Start: start}})
	committed := &wire.PollRequest{Message: &wire.PollRequest_Committed{Committed: &wire.Committed{}}}
	for {
		w, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return Done{}, p.broke("it ended a poll without saying that it is done")
		case err != nil:
			return Done{}, p.failed(g.callError(ctx, "Poll", err))
		case w.GetDone() != nil:
			done := Done{Again: contract.Again(w.GetDone()), Note: p.host.mask(contract.Note(w.GetDone()))}
			done.KnownCount, done.Known = contract.Known(w.GetDone())
			for i, k := range done.Known {
				done.Known[i].Title, done.Known[i].Because = p.host.mask(k.Title), p.host.mask(k.Because)
			}
			if failure := contract.Error(w.GetDone().GetFailure()); failure != nil {
				failure.Err = p.host.masked(failure.Err)
				return done, failure
			}
			return done, nil
		case w.GetBatch() == nil:
			return Done{}, p.broke("it sent neither a batch nor done in a poll")
		}
		batch, err := wire.ToBatch(w.GetBatch())
		if err != nil {
			return Done{}, p.broke("it sent a batch that cannot be used: %w", err)
		}
		if err := emit(ctx, batch); err != nil {
			return Done{}, temporary(err)
		}
		_ = stream.Send(committed)
	}
}

// SignIn asks how a person signs in to a connector; nil when nobody needs to.
func (h *Host) SignIn(ctx context.Context, src Call) (how *connector.SignIn, err error) {
	err = h.brief(ctx, src, "sign-in", func(ctx context.Context, g *generation) error {
		w, err := g.rpc.SignIn(ctx, &wire.SignInRequest{Type: src.Type, Connector: src.Connector, Arguments: src.Arguments})
		if status.Code(err) == codes.Unimplemented {
			return nil
		}
		if err != nil {
			return g.callError(ctx, "SignIn", err)
		}
		how, err = contract.SignIn(w)
		return err
	})
	return how, err
}

// Remove has a connector that was taken out of the configuration undo what it has
// set up at its source.
func (h *Host) Remove(ctx context.Context, src Call, at event.Checkpoint) error {
	return h.brief(ctx, src, "remove", func(ctx context.Context, g *generation) error {
		source, err := src.toWire()
		if err != nil {
			return err
		}
		w, err := g.rpc.Remove(ctx, &wire.RemoveRequest{Source: source, Checkpoint: at})
		if status.Code(err) == codes.Unimplemented {
			return nil
		}
		if err != nil {
			return g.callError(ctx, "Remove", err)
		}
		if failure := contract.Error(w.GetFailure()); failure != nil {
			return failure
		}
		return nil
	})
}

// brief makes a call that is not made often and should not take long.
func (h *Host) brief(ctx context.Context, src Call, name string, call func(context.Context, *generation) error) error {
	p, err := h.current.Load().owner(src.Type)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, h.limits.Validate)
	defer cancel()
	g, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer p.end()
	if err = p.survive(func() error { return call(ctx, g) }); err != nil {
		err = p.failed(err)
	}
	h.metrics.count(p.spec.Name, name, err)
	return err
}

func (s *Call) toWire() (*wire.Source, error) {
	http, err := wire.FromSettings(s.HTTP)
	return &wire.Source{
		Type: s.Type, Connector: s.Connector, Arguments: s.Arguments, HookUrl: s.HookURL, Token: s.Token, Http: http,
	}, err
}

// temporary makes an error one of kind temporary, unless it has a kind.
func temporary(err error) *connector.Error {
	if e, ok := errors.AsType[*connector.Error](err); ok {
		return &connector.Error{Kind: e.Kind, Until: e.Until, Err: err}
	}
	return &connector.Error{Kind: connector.KindTemporary, Err: err}
}

// failed names the plugin in the error of a call.
func (p *supervised) failed(err error) error {
	return temporary(p.host.masked(fmt.Errorf("plugin %s: %w", p.spec.Name, err)))
}

// broke says how a plugin breaks the contract. It is a temporary error, as a
// better plugin may come.
func (p *supervised) broke(format string, a ...any) error {
	return p.failed(fmt.Errorf("the plugin breaks its contract: "+format, a...))
}

// survive makes a call, and an error of a panic: what a plugin says is checked where it
// enters, and should a check miss something, it costs this call and not the relay.
func (p *supervised) survive(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p.log.Error().Str("panic", p.host.mask(fmt.Sprint(v))).Bytes("stack", debug.Stack()).Msg("what the plugin said made the relay panic; the relay goes on")
			err = p.failed(errors.New("what it said cannot be handled; see the relay's log"))
		}
	}()
	return call()
}

// callError says why a call came to nothing.
func (g *generation) callError(ctx context.Context, call string, err error) error {
	s := status.Convert(err)
	ended := false
	switch s.Code() {
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded, codes.Unknown:
		ended = g.broken(ctx)
	default:
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("it did not answer %s in time: %w", call, ctx.Err())
	case ctx.Err() != nil:
		return ctx.Err()
	case ended:
		return fmt.Errorf("during %s, %w", call, g.process.ending())
	case s.Code() == codes.ResourceExhausted:
		return fmt.Errorf("%s: a single message of it may have at most %d MiB: %s", call, wire.MaxMessage>>20, s.Message())
	case s.Code() == codes.Unimplemented:
		return fmt.Errorf("it does not implement %s", call)
	}
	return fmt.Errorf("%s: %s", call, s.Message())
}

// broken finds out why a call broke off, and reports whether the process has ended.
// A broken connection is noticed a little before that; and gRPC, which carries the
// deadline to the plugin, may find it past a little before the context does.
func (g *generation) broken(ctx context.Context) (ended bool) {
	select {
	case <-g.process.ended:
		return true
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
	return false
}
