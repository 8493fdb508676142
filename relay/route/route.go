// Package route is a connector's rule: which events (when) go to which channels
// (to), with which changes to the card.
//
// A route is compiled once, when the configuration is read; mistakes that can be found
// then are diagnostics. What only an event can show, such as a member missing from its
// data, is part of the [Result].
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

// Route is a compiled route block. It never changes, and its methods are safe for
// concurrent use.
type Route struct {
	// To names the channels in the order written, each once.
	To []string
	// Range is the block's header.
	Range hcl.Range

	when *condition
	// isFalse is the reason when the condition is false.
	isFalse string
	// urgent decides which matching events are delivered in quiet hours too; nil means
	// none.
	urgent *condition
	card   *override
	// dynamic says that the card block contains dynamic blocks.
	dynamic bool
	// confidential says whether errors may contain values of env or file.
	confidential func() bool
	// reach says what the route reads of an event.
	reach language.Reach
	scope *hcl.EvalContext
}

// condition is an expression as written and as evaluated.
type condition struct{ written, metered hclsyntax.Expression }

// override is a card block as written and as evaluated.
type override struct{ written, metered *hclsyntax.Body }

// Result is a route's decision on an event.
type Result struct {
	// Matched says that the event goes to the route's channels.
	Matched bool
	// Card is the card with the route's changes; nil means unchanged.
	Card *card.Card
	// Urgent says that the card is delivered in quiet hours too.
	Urgent bool
	// Flawed says that some of the route's changes are missing from the card.
	Flawed bool
	// Reason says in one line why the event did not match, or what went wrong.
	Reason string
	// Failed says that the condition could not be evaluated, so it is unknown whether the
	// event is for the route's channels.
	Failed bool

	// unsure says that it is unknown whether the card is urgent.
	unsure bool
}

// Conditional reports whether the route has a condition, may be urgent or changes the
// card. Otherwise Apply always matches and evaluates nothing.
func (r *Route) Conditional() bool { return r.when != nil || r.urgent != nil || r.card != nil }

// Apply decides whether an event of the named connector matches, and changes the card.
// It never panics. If the condition cannot be evaluated, the result is Failed. Parts of
// the card block that cannot be applied are left out, at worst all of them, with a
// Reason. If urgent cannot be evaluated, the card is urgent, with a Reason: too early
// is the smaller harm.
func (r *Route) Apply(connector string, e event.Event) Result {
	if !r.Conditional() {
		return Result{Matched: true}
	}
	return r.apply(connector, e, language.NewMeter())
}

// apply is [Route.Apply] for a conditional route, within the bounds of a meter.
func (r *Route) apply(connector string, e event.Event, m *language.Meter) Result {
	ev := r.evaluate(connector, e, m)
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
			reasons = append(reasons, fmt.Sprintf("the event counts as urgent, because urgent could not be evaluated: %s", err))
		}
	}
	if r.card != nil {
		changed, flaws, err := r.override(ev, e.Card)
		result.Flawed = err != nil || flaws != nil
		switch {
		case err != nil:
			reasons = append(reasons, fmt.Sprintf("the card block was not applied: %s", err))
		case flaws != nil:
			reasons = append(reasons, fmt.Sprintf("part of the card block was not applied: %s", flaws))
		}
		if err == nil {
			result.Card = &changed
		}
	}
	result.Reason = strings.Join(reasons, "; ")
	return result
}

// evaluationError is a diagnostic in one line.
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
		return false, evaluationError("its value is unknown")
	case b.IsNull():
		return false, evaluationError("it is null, not true or false")
	}
	return b.True(), nil
}

// failure turns an evaluation's diagnostics into a one-line error.
func (r *Route) failure(diags hcl.Diagnostics) error {
	return evaluationError(language.OneLine(language.Scrub(diags, r.confidential())))
}

// mostFlaws bounds how many failures of one card block are reported.
const mostFlaws = 3

// failures joins several errors in one line.
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

// article is a type's name with its article.
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
