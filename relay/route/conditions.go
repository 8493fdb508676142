package route

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route/language"
)

// Conditions are conditions without routes. They are evaluated together: what they read
// of an event is read once, and all of them may cost what one route may. They do not know
// env, file and secret, so whoever writes one learns no secret by it.
//
// Over may be called concurrently once the last condition has been added.
type Conditions struct {
	shared Route
	list   []condition
}

// NewConditions returns no conditions.
func NewConditions() *Conditions {
	c := &Conditions{shared: Route{reach: language.Reach{}}}
	c.shared.scope = &hcl.EvalContext{Functions: language.PureFunctions()}
	return c
}

// Add compiles a condition and returns its number, which counts from 0. The error is one
// line.
func (c *Conditions) Add(text string) (int, error) {
	if deep := language.TooDeep([]byte(text), "condition"); deep != nil {
		return 0, evaluationError(language.OneLine(hcl.Diagnostics{deep}))
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), "condition", hcl.InitialPos)
	if !diags.HasErrors() {
		diags = c.shared.compileCondition(expr, checkScope(language.NewSmallMeter().Scope(c.shared.scope, nil)))
	}
	if diags.HasErrors() {
		return 0, evaluationError(language.OneLine(diags)) // it has no secret to hide
	}
	c.list = append(c.list, condition{written: expr, metered: language.Metered(expr)})
	return len(c.list) - 1, nil
}

// Over returns what evaluates a condition, by its number, over one event. The conditions
// after the one that used up the budget fail as well.
func (c *Conditions) Over(connector string, e event.Event) func(n int) (bool, error) {
	ev := c.shared.evaluate(connector, e, language.NewMeter())
	return func(n int) (bool, error) { return c.shared.holds(&c.list[n], ev) }
}
