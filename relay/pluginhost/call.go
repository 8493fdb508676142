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

// maxPreview bounds a preview; nobody looks at more events.
const maxPreview = 10_000

// Validate has the plugin check a connector's arguments. The arguments may hold
// secrets; the problems do not.
func (s *Set) Validate(ctx context.Context, c Call) (problems []connector.Problem, err error) {
	err = s.unary(ctx, c.Type, "validate", func(ctx context.Context, g *generation) error {
		w, err := g.rpc.Validate(ctx, &wire.ValidateRequest{Type: c.Type, Connector: c.Connector, Arguments: c.Arguments})
		if err != nil {
			return g.callError(ctx, "Validate", err)
		}
		problems = contract.Problems(w)
		for i := range problems {
			problems[i].Message = s.host.mask(problems[i].Message)
		}
		return nil
	})
	return problems, err
}

// Poll polls a connector. It calls emit with one batch after the other and tells the
// plugin that a batch is stored when emit returns nil; an error of emit ends the poll
// and is returned. Every error is a [connector.Error].
func (h *Host) Poll(ctx context.Context, c Call, at event.Checkpoint, emit func(context.Context, event.Batch) error) (Done, error) {
	return h.current.Load().Poll(ctx, c, at, emit)
}

// Poll is [Host.Poll] on a set that need not be adopted.
func (s *Set) Poll(ctx context.Context, c Call, at event.Checkpoint, emit func(context.Context, event.Batch) error) (done Done, err error) {
	err = s.call(c.Type, "poll", func(p *supervised) error {
		done, err = p.poll(ctx, c, at, emit)
		return err
	})
	return done, err
}

// Done is what a plugin reports at the end of a poll.
type Done struct {
	// Again is how long the source asks to wait, 0 when it does not say.
	Again time.Duration
	// Note is a line for people about the connector's standing with its source.
	Note string
	// KnownCount is how many items the poll skipped as known, and Known the first of them.
	Known      []connector.Known
	KnownCount int
}

func (p *supervised) poll(ctx context.Context, c Call, at event.Checkpoint, emit func(context.Context, event.Batch) error) (Done, error) {
	g, err := p.begin(ctx)
	if err != nil {
		return Done{}, err
	}
	defer p.end()
	call, err := c.toWire()
	if err != nil {
		return Done{}, p.failed(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := g.rpc.Poll(ctx)
	if err != nil {
		return Done{}, p.failed(g.callError(ctx, "Poll", err))
	}
	start := &wire.PollStart{Call: call, Checkpoint: at, Preview: int32(min(max(c.Preview, 0), maxPreview))} //nolint:gosec // bounded on the spot
	// An error of Send is io.EOF; Recv has the true one.
	_ = stream.Send(&wire.PollRequest{Message: &wire.PollRequest_Start{Start: start}})
	committed := &wire.PollRequest{Message: &wire.PollRequest_Committed{Committed: &wire.Committed{}}}
	for {
		w, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return Done{}, p.broke("it ended a poll without done")
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
			return Done{}, p.broke("in a poll it sent neither a batch nor done")
		}
		batch, err := wire.ToBatch(w.GetBatch())
		if err != nil {
			return Done{}, p.broke("it sent an invalid batch: %w", err)
		}
		if err := emit(ctx, batch); err != nil {
			return Done{}, temporary(err)
		}
		_ = stream.Send(committed)
	}
}

// SignIn asks how a person signs in to a connector; nil when nobody needs to.
func (h *Host) SignIn(ctx context.Context, c Call) (how *connector.SignIn, err error) {
	err = h.current.Load().unary(ctx, c.Type, "sign-in", func(ctx context.Context, g *generation) error {
		w, err := g.rpc.SignIn(ctx, &wire.SignInRequest{Type: c.Type, Connector: c.Connector, Arguments: c.Arguments})
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

// Remove has a connector that is no longer configured undo what it set up at its
// source.
func (h *Host) Remove(ctx context.Context, c Call, at event.Checkpoint) error {
	return h.current.Load().unary(ctx, c.Type, "remove", func(ctx context.Context, g *generation) error {
		call, err := c.toWire()
		if err != nil {
			return err
		}
		w, err := g.rpc.Remove(ctx, &wire.RemoveRequest{Call: call, Checkpoint: at})
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

// unary makes a short call on the running generation of a connector type's plugin.
func (s *Set) unary(ctx context.Context, typ, name string, do func(context.Context, *generation) error) error {
	return s.call(typ, name, func(p *supervised) error {
		ctx, cancel := context.WithTimeout(ctx, s.host.limits.Validate)
		defer cancel()
		g, err := p.begin(ctx)
		if err != nil {
			return err
		}
		defer p.end()
		if err := do(ctx, g); err != nil {
			return p.failed(err)
		}
		return nil
	})
}

// call makes a call on a connector type's plugin and counts it. It turns a panic into
// an error: plugins' answers are checked on arrival, but if a check misses something, it
// costs this call, not the relay.
func (s *Set) call(typ, name string, do func(*supervised) error) (err error) {
	p, err := s.owner(typ)
	if err != nil {
		return err
	}
	start := time.Now()
	defer func() {
		if v := recover(); v != nil {
			p.log.Error().Str("panic", s.host.mask(fmt.Sprint(v))).Bytes("stack", debug.Stack()).Msg("the plugin's answer made the relay panic; the relay goes on")
			err = p.failed(errors.New("its answer triggers a bug in the relay; see the relay's log"))
		}
		s.host.metrics.count(p.spec.Name, name, start, err)
	}()
	return do(p)
}

func (c *Call) toWire() (*wire.Call, error) {
	http, err := wire.FromSettings(c.HTTP)
	return &wire.Call{
		Type: c.Type, Connector: c.Connector, Arguments: c.Arguments, HookUrl: c.HookURL, Token: c.Token, Http: http,
	}, err
}

// temporary gives an error the kind temporary, unless it has a kind.
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

// broke says how a plugin breaks the contract. The error is temporary: a newer plugin
// may keep it.
func (p *supervised) broke(format string, a ...any) error {
	return p.failed(fmt.Errorf("the plugin breaks its contract: "+format, a...))
}

// callError says why a call failed.
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
		return fmt.Errorf("%s: a single message may have at most %d MiB: %s", call, wire.MaxMessage>>20, s.Message())
	case s.Code() == codes.Unimplemented:
		return fmt.Errorf("it does not implement %s", call)
	}
	return fmt.Errorf("%s: %s", call, s.Message())
}

// broken reports whether a call broke off because the process ended. It waits a little:
// a broken connection shows before the end of the process, and gRPC may see the
// deadline before the context does.
func (g *generation) broken(ctx context.Context) (ended bool) {
	select {
	case <-g.process.ended:
		return true
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
	return false
}
