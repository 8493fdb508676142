// Package guard decides what each person may ask of a relay, and writes down who changed
// what.
//
// [Guard] has every method of [operator.Relay] itself, so that a new one does not compile
// until somebody has decided who may. There are two sorts. A question looks at who asks
// ([Guard.look]) and leaves out what she does not see. A change is one call of changing,
// with the scope that it needs and a rule that says who may; it ends up in the audit log.
//
// What somebody does not see does not exist for her: the answer is not found, with the
// same words as for a name that nobody has.
package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/access/throttle"
	"github.com/connector-relay/relay/relay/operator"
)

// Estate is what belongs to whom in the configuration that runs. It does not change.
type Estate struct {
	// Teams are the channels' teams, by channel; "" for one that belongs to no team.
	Teams map[string]string
	// Connectors are by name.
	Connectors map[string]Connector
}

// Connector says to whom a connector belongs.
type Connector struct {
	// Owner and Team may be empty.
	Owner, Team string
	// Channels are those that its routes post to.
	Channels []string
}

// Options are what a guard works with.
type Options struct {
	Relay operator.Relay
	// Estate returns what belongs to whom now.
	Estate func() *Estate
	// Audit writes down what somebody did. It must not fail.
	Audit func(ctx context.Context, entry operator.Audited)
	// Mask takes secrets out of a text.
	Mask func(string) string
}

// Guard is a relay that knows who asks.
type Guard struct {
	relay   operator.Relay
	options Options
	vain    *throttle.Throttle
}

var _ operator.Relay = (*Guard)(nil)

// How many attempts of one person that came to nothing the audit log has: some at once, and
// then one in a while. It has room for so many entries, and nobody may drive out what
// others did with what she did not.
const (
	vainAtOnce = 20
	vainEvery  = time.Minute
)

// New returns a guard before a relay.
func New(o Options) *Guard {
	return &Guard{relay: o.Relay, options: o, vain: throttle.New(vainAtOnce, vainEvery)}
}

// enter returns who asks, if the way that she came in allows this sort of thing.
func (g *Guard) enter(ctx context.Context, s access.Scope) (view, error) {
	p, ok := access.From(ctx)
	switch {
	case !ok:
		return view{}, fmt.Errorf("%w: nobody has signed in", operator.ErrForbidden)
	case !p.May(s):
		return view{p, g.options.Estate()}, fmt.Errorf("%w: %s has no scope %q", operator.ErrForbidden, p.Via, s)
	}
	return view{p, g.options.Estate()}, nil
}

// look returns what somebody who asks a question sees.
func (g *Guard) look(ctx context.Context) (view, error) { return g.enter(ctx, access.Read) }

// act is a change: what the audit log calls it, and who may.
type act struct {
	scope           access.Scope
	action, subject string
	detail          string
	may             rule
}

// changing does something if whoever asks may, and writes it down.
func changing[A any](ctx context.Context, g *Guard, a act, do func() (A, error)) (answer A, err error) {
	v, err := g.enter(ctx, a.scope)
	if err == nil {
		err = a.may(v)
	}
	allowed := err == nil
	if allowed {
		answer, err = do()
	}
	g.write(context.WithoutCancel(ctx), v, a, allowed, err)
	return answer, err
}

// doing is changing for what answers nothing.
func doing(ctx context.Context, g *Guard, a act, do func() error) error {
	_, err := changing(ctx, g, a, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// mostDetail is how many characters of detail an entry of the audit log has.
const mostDetail = 300

func (g *Guard) write(ctx context.Context, v view, a act, allowed bool, err error) {
	entry := operator.Audited{Time: time.Now(), Who: v.Name, Via: v.Via, Action: a.action, Subject: cut(a.subject), Outcome: operator.Done, Detail: cut(a.detail)}
	switch {
	case err == nil:
	case v.Name == "" || g.vain.Take(v.Name) > 0:
		return
	case !allowed || errors.Is(err, operator.ErrForbidden):
		entry.Outcome, entry.Detail = operator.Refused, cut(err.Error())
	default:
		entry.Outcome, entry.Detail = operator.Failed, cut(g.options.Mask(err.Error()))
	}
	g.options.Audit(ctx, entry)
}

func cut(s string) string {
	if r := []rune(s); len(r) > mostDetail {
		return string(r[:mostDetail-1]) + "…"
	}
	return s
}
