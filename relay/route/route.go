// Package route is a connector's rule: which events (when) go to which channels
// (to), with which changes to the card.
//
// A route is compiled once, when the configuration is read; what can be known to
// be wrong then is a diagnostic. What only an event can show, a member that its
// data has not, is part of the [Result].
package route

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route/language"
)

// Route is one compiled route block. It does not change, and all its methods are
// safe for concurrent use.
type Route struct {
	// To names the channels, in the order written, each once.
	To []string
	// Range is the block's header.
	Range hcl.Range

	when *condition
	// isFalse is the reason given when the condition is false.
	isFalse string
	// urgent decides which of the matching events go out in quiet hours, too; nil
	// means none.
	urgent *condition
	card   *override
	// dynamic says that the card block has dynamic blocks in it.
	dynamic bool
	// confidential says that errors may hold what came from env or file.
	confidential bool
	// reach says what the route looks at of an event.
	reach language.Reach
	scope *hcl.EvalContext
}

// condition is an expression as it is written, and as it is evaluated.
type condition struct{ written, metered hclsyntax.Expression }

// override is a card block as it is written, and as it is evaluated.
type override struct{ written, metered *hclsyntax.Body }

// Result is what a route makes of an event.
type Result struct {
	// Matched says that the event goes to the route's channels.
	Matched bool
	// Card is the card with the route's changes; nil means that the event's own is
	// unchanged.
	Card *card.Card
	// Urgent says that the card goes out in quiet hours, too.
	Urgent bool
	// Flawed says that the card has not all of the route's changes.
	Flawed bool
	// Reason says in one line why the event did not match, or what went wrong.
	Reason string
	// Failed says that the condition could not be evaluated, so that nobody knows
	// whether the event belongs to the route's channels.
	Failed bool

	// unsure says that nobody knows whether it is urgent.
	unsure bool
}

// Conditional reports whether the route has a condition, may be urgent or changes the
// card. Where it does nothing of these, Apply always matches and evaluates nothing.
func (r *Route) Conditional() bool { return r.when != nil || r.urgent != nil || r.card != nil }

// Apply decides whether an event of the named connector matches, and makes the
// changed card. It never panics. A condition that cannot be evaluated gives a
// Failed result. Of a card block, what cannot be applied is left out, and at worst the
// card is the event's own; a Reason says so. What cannot be said to be urgent or not is urgent, with a Reason: a card too
// early is the smaller harm.
func (r *Route) Apply(connector string, e event.Event) Result {
	if !r.Conditional() {
		return Result{Matched: true}
	}
	ev := r.evaluate(connector, e)
	if r.when != nil {
		matched, err := r.holds(r.when, ev)
		if err != nil {
			return Result{Failed: true, Reason: fmt.Sprintf("the condition could not be evaluated: %s", err)}
		}
		if !matched {
			return Result{Reason: r.isFalse}
		}
	}
	result := Result{Matched: true}
	var reasons []string
	if r.urgent != nil {
		urgent, err := r.holds(r.urgent, ev)
		result.Urgent, result.unsure = urgent || err != nil, err != nil
		if err != nil {
			reasons = append(reasons, fmt.Sprintf("it counts as urgent, because that could not be evaluated: %s", err))
		}
	}
	if r.card != nil {
		changed, flaws, err := r.override(ev, e.Card)
		result.Flawed = err != nil || flaws != nil
		switch {
		case err != nil:
			reasons = append(reasons, fmt.Sprintf("the card block was not applied: %s", err))
		case flaws != nil:
			reasons = append(reasons, fmt.Sprintf("a part of the card block was not applied: %s", flaws))
		}
		if err == nil {
			result.Card = &changed
		}
	}
	result.Reason = strings.Join(reasons, "; ")
	return result
}

// evaluationError is a diagnostic as one line.
type evaluationError string

func (e evaluationError) Error() string { return string(e) }

// holds evaluates a condition.
func (r *Route) holds(c *condition, ev evaluation) (holds bool, err error) {
	err = ev.Bound(func() error {
		v, diags := c.metered.Value(ev.scope)
		if diags.HasErrors() {
			return r.failure(diags)
		}
		holds, err = truth(v)
		return err
	})
	return holds && err == nil, err
}

// truth is a condition's value.
func truth(v cty.Value) (bool, error) {
	v, _ = language.Reveal(v)
	b, err := convert.Convert(v, cty.Bool)
	switch {
	case err != nil:
		return false, evaluationError("it is " + article(v.Type()) + ", not true or false")
	case !b.IsKnown():
		return false, evaluationError("its value is not known")
	case b.IsNull():
		return false, evaluationError("it is null, not true or false")
	}
	return b.True(), nil
}

// failure makes diagnostics of an evaluation a one-line error.
func (r *Route) failure(diags hcl.Diagnostics) error {
	return evaluationError(language.OneLine(language.Scrub(diags, r.confidential)))
}

// mostFlaws is how many failures are told of one card block.
const mostFlaws = 3

// failures makes one line of several errors.
func (r *Route) failures(diags hcl.Diagnostics) error {
	var lines []string
	for _, d := range diags {
		if line := r.failure(hcl.Diagnostics{d}).Error(); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if more := len(lines) - mostFlaws; more > 0 {
		lines = append(lines[:mostFlaws], fmt.Sprintf("and %d more", more))
	}
	return evaluationError(strings.Join(lines, "; "))
}

// article names a type with its article, for sentences.
func article(t cty.Type) string {
	name := t.FriendlyName()
	switch {
	case t == cty.String:
		name = "text"
	case t.IsObjectType():
		name = "object"
	case t.IsTupleType():
		name = "list"
	}
	switch name[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + name
	}
	return "a " + name
}
