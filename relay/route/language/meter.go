package language

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// The bounds of one evaluation. A unit is about a microsecond: a step of the
// evaluation, a value that is read, or [bytesPerUnit] of text. The clock is a second
// line of defence, for what units fail to measure.
const (
	evaluationUnits = 250_000
	budgetUnits     = 100_000
	checkUnits      = 1_000
	bytesPerUnit    = 64
	evaluationTime  = 2 * time.Second
	// clockEvery is how many charges there are between two checks of the clock.
	clockEvery = 256
	// keptUnits is how much more it costs to keep a value than to read it. It bounds what
	// a card block makes to a megabyte, far more than any chat system takes.
	keptUnits = 16
	// largestExponent bounds numbers, in bits, because writing a number costs as many
	// digits.
	largestExponent = 1 << 14
)

// Meter bounds the cost of evaluating one event's expressions. The expressions are an
// operator's and the values a stranger's, so neither alone determines the cost, and
// HCL's evaluation cannot be interrupted. Instead, expressions made by [Metered] charge
// the meter at every step and, before each function call, for the call.
//
// A meter that runs out ends the evaluation by a panic, which [Meter.Bound] turns into
// an error. Only one goroutine may use it.
type Meter struct {
	left    int
	charges int
	// end is the last moment; zero means that only units count.
	end  time.Time
	over error
}

var (
	errTooCostly = errors.New("it exceeds the budget for one event: it reads too much data, or produces too much")
	errTooSlow   = errors.New("it exceeds the time for one event")
	errNumber    = errors.New("it calculates with a number of too many digits")
	// errBrokenDown replaces an unexpected panic: one strange event must not stop a
	// connector.
	errBrokenDown = errors.New("the evaluation broke down on this event's data")
)

// NewMeter returns a meter for one route and one event.
func NewMeter() *Meter { return &Meter{left: evaluationUnits, end: time.Now().Add(evaluationTime)} }

// NewBudget returns a meter for reading one part of a configuration. It has no clock: a
// machine that is busy does not make a configuration invalid.
func NewBudget() *Meter { return &Meter{left: budgetUnits} }

// Over reports whether the meter has run out.
func (m *Meter) Over() bool { return m.over != nil }

// NewSmallMeter returns a meter for checking one of hundreds of conditions.
func NewSmallMeter() *Meter {
	m := NewMeter()
	m.left = checkUnits
	return m
}

// Bound runs a part of the evaluation and returns its error or the bound that it
// exceeded. It recovers every panic.
func (m *Meter) Bound(part func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errBrokenDown
		}
		// Functions such as try and can turn a panic into an error of their own.
		if m.over != nil {
			err = m.over
		}
	}()
	return part()
}

// Charge takes units from the meter.
func (m *Meter) Charge(units int) {
	if m == nil {
		return
	}
	if m.over != nil {
		panic(m.over)
	}
	m.charges++
	if m.left -= min(units, evaluationUnits+1); m.left < 0 {
		m.exceed(errTooCostly)
	}
	if m.charges%clockEvery == 0 {
		m.look()
	}
}

// look checks the clock.
func (m *Meter) look() {
	if m != nil && !m.end.IsZero() && time.Now().After(m.end) {
		m.exceed(errTooSlow)
	}
}

func (m *Meter) exceed(e error) {
	if m != nil {
		m.over = e
	}
	panic(e)
}

// Weigh charges for everything in a value. Deeper values cost more, because at each
// level cty reads the types of everything below.
func (m *Meter) Weigh(v cty.Value, as Use) {
	if as != Named {
		m.weigh(v, as, 0)
	}
}

func (m *Meter) weigh(v cty.Value, as Use, level int) {
	price := 1 + level/4
	if as == Kept {
		price *= keptUnits
	}
	v, _ = v.Unmark()
	m.Charge(price)
	if v.IsNull() || !v.IsKnown() {
		return
	}
	switch t := v.Type(); {
	case t == cty.String:
		m.Charge(price * len(v.AsString()) / bytesPerUnit)
		if as == Calculated && outrageous(v.AsString()) {
			m.exceed(errNumber)
		}
	case t == cty.Number:
		if exponent := v.AsBigFloat().MantExp(nil); max(exponent, -exponent) > largestExponent {
			m.exceed(errNumber)
		}
	case v.CanIterateElements():
		if as == Unified {
			m.Charge(square(v.LengthInt()))
		}
		for it := v.ElementIterator(); it.Next(); {
			if key, element := it.Element(); t.IsSetType() {
				m.weigh(element, as, level+1)
			} else {
				m.Weigh(key, Passed)
				m.weigh(element, as, level+1)
			}
		}
	}
}

// The bounds of numbers read from text, in digits and by exponent: beyond anything that
// is counted or measured, yet cheap.
const (
	mostDigits   = 400
	mostExponent = 400
)

// outrageous reports whether a text would be too expensive to read as a number. One
// that is not a number is cheap.
func outrageous(text string) bool {
	if len(text) > mostDigits {
		return true
	}
	at := strings.LastIndexAny(text, "eEpP")
	if at < 0 {
		return false
	}
	exponent := strings.TrimLeft(strings.TrimLeft(text[at+1:], "+-"), "0_")
	value := 0
	for _, c := range []byte(exponent) {
		if c < '0' || c > '9' {
			return false // not a number
		}
		if value = 10*value + int(c-'0'); value > mostExponent {
			return true
		}
	}
	return false
}

// meterName is the variable that holds the meter. No expression can name it.
const meterName = " meter"

// Scope returns a child scope in which expressions charge the meter.
func (m *Meter) Scope(parent *hcl.EvalContext, variables map[string]cty.Value) *hcl.EvalContext {
	scope := parent.NewChild()
	scope.Variables = map[string]cty.Value{meterName: cty.CapsuleVal(cty.Capsule("meter", reflect.TypeFor[Meter]()), m)}
	maps.Copy(scope.Variables, variables)
	return scope
}

// meterOf finds a scope's meter; without one it returns nil, which charges nothing.
func meterOf(scope *hcl.EvalContext) *Meter {
	if v, ok := lookUp(meterName, scope); ok {
		if m, ok := v.EncapsulatedValue().(*Meter); ok {
			return m
		}
	}
	return nil
}
