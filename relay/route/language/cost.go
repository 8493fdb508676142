package language

import (
	"math"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// chargeCall charges for a call before it is made: for reading the arguments and for
// the function's extra cost. The expression that holds the call charges for the result.
func (m *Meter) chargeCall(name string, f function.Function, args []cty.Value) {
	for i, arg := range args {
		m.Weigh(arg, useOf(name, f, i))
	}
	m.Charge(extraCost(name, args))
	if name == "format" || name == "formatlist" {
		for _, v := range verbs(textAt(args, 0)) {
			if v.number && v.argument < len(args) {
				m.Weigh(args[v.argument], Calculated)
			}
		}
	}
}

// useOf is what a function does with an argument.
func useOf(name string, f function.Function, argument int) Use {
	switch name {
	case "coalesce", "coalescelist", "concat", "merge", "setproduct", "tolist", "tomap", "toset":
		return Unified // whatever their parameters are
	case "parseint", "tonumber":
		return Calculated
	}
	t := cty.NilType
	if parameters := f.Params(); argument < len(parameters) {
		t = parameters[argument].Type
	} else if last := f.VarParam(); last != nil {
		t = last.Type
	}
	switch {
	case t == cty.Number:
		return Calculated
	case t != cty.NilType && t.IsCollectionType() && t.ElementType() == cty.DynamicPseudoType:
		return Unified
	}
	return Passed
}

// extraCost is what a call costs, in units, besides reading its arguments and its
// result once. It concerns functions whose result can be larger than their arguments or
// whose work grows faster than them.
func extraCost(name string, args []cty.Value) int {
	switch name {
	case "csvdecode":
		text := textAt(args, 0)
		return 4 * (strings.Count(text, ",") + strings.Count(text, "\n"))
	case "contains", "index":
		return times(len(elementsAt(args, 0)), size(args, 1))
	case "distinct", "setintersection", "setsubtract", "setunion":
		total := 0
		for i := range args {
			total = plus(total, square(len(elementsAt(args, i))))
		}
		return total
	case "range":
		return numberAt(args, 0)
	case "setproduct":
		product := len(args)
		for i := range args {
			product = times(product, max(1, len(elementsAt(args, i))))
		}
		return product
	default:
		return textCost(name, args)
	}
}

// textCost is extraCost for functions of text.
func textCost(name string, args []cty.Value) int {
	switch name {
	case "format", "formatlist":
		rows := 1
		for i := range args {
			rows = max(rows, len(elementsAt(args, i)))
		}
		return times(rows, formatCost(args))
	case "indent":
		return times(1+strings.Count(textAt(args, 1), "\n"), numberAt(args, 0)) / bytesPerUnit
	case "join":
		pieces := 0
		for i := range args {
			pieces += len(elementsAt(args, i))
		}
		return times(pieces, len(textAt(args, 0))) / bytesPerUnit
	case "regex":
		return patternCost(textAt(args, 0), textAt(args, 1))
	case "regexall":
		return everyMatch(textAt(args, 0), textAt(args, 1), "")
	case "regexreplace":
		return everyMatch(textAt(args, 1), textAt(args, 0), textAt(args, 2))
	case "replace":
		return times(strings.Count(textAt(args, 0), textAt(args, 1)), len(textAt(args, 2))) / bytesPerUnit
	case "split":
		return 1 + strings.Count(textAt(args, 1), textAt(args, 0))
	case "trim":
		return times(len(textAt(args, 0)), len(textAt(args, 1))) / bytesPerUnit
	}
	return 0
}

// patternCost is the cost of compiling a pattern and one search for it: a step per
// character of the text, each as large as the pattern with its repetitions written out.
func patternCost(pattern, text string) int {
	// A longer pattern comes from a stranger and is too expensive to compile.
	const longest = 1000
	if len(pattern) > longest {
		return never
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return plus(len(program.Inst), times(len(program.Inst), len(text))/256)
}

// everyMatch is the cost of searching for all matches, and there may be one per
// character. Each may read all the text that follows, and each is replaced.
func everyMatch(pattern, text, replacement string) int {
	looks := times(len(text), len(text)/2048+len(replacement)) / bytesPerUnit
	return plus(patternCost(pattern, text), plus(len(text), looks))
}

// formatCost is the cost of formatting: each verb may write the longest argument and
// the blanks of its width.
func formatCost(args []cty.Value) int {
	longest, bytes := 0, 0
	for i := 1; i < len(args); i++ {
		longest = max(longest, size(args, i))
	}
	for _, v := range verbs(textAt(args, 0)) {
		bytes = plus(bytes, plus(v.width, times(longest, bytesPerUnit)))
	}
	return 1 + bytes/bytesPerUnit
}

// verb is one directive of a format. Its argument counts from 1, because the format is
// argument 0 of the call.
type verb struct {
	argument int
	width    int
	number   bool
}

// verbs parses a format.
func verbs(format string) []verb {
	var list []verb
	next := 1
	for _, part := range regexp.MustCompile(`%[ +#0-]*([0-9]*)(?:\.([0-9]*))?(?:\[([0-9]+)\])?(.?)`).FindAllStringSubmatch(format, -1) {
		if part[4] == "%" {
			continue
		}
		if n, err := strconv.Atoi(part[3]); err == nil {
			next = n
		}
		list = append(list, verb{argument: next, width: plus(number(part[1]), number(part[2])), number: part[4] != "" && strings.Contains("bdoxXeEfgG", part[4])})
		next++
	}
	return list
}

// number parses a whole number without a sign; a huge one is never.
func number(digits string) int {
	if n, err := strconv.Atoi(digits); err == nil || digits == "" {
		return n
	}
	return never
}

// never costs more than any meter has.
const never = math.MaxInt32

func plus(a, b int) int { return min(a+b, never) }

func times(a, b int) int {
	if a > 0 && b > never/a {
		return never
	}
	return a * b
}

// square is the cost of comparing or converting so many elements pairwise.
func square(n int) int { return times(n, n) / 4 }

// size is an argument's size in units, up to a meter's whole.
func size(args []cty.Value, i int) int {
	if i >= len(args) {
		return 0
	}
	m := &Meter{left: evaluationUnits}
	_ = m.Bound(func() error { m.Weigh(args[i], Passed); return nil })
	return evaluationUnits - max(m.left, 0)
}

// elementsAt returns an argument's elements, if it has any.
func elementsAt(args []cty.Value, i int) []cty.Value {
	if i >= len(args) {
		return nil
	}
	return elements(args[i])
}

func elements(v cty.Value) []cty.Value {
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return nil
	}
	return v.AsValueSlice()
}

// textAt is an argument's text, or empty.
func textAt(args []cty.Value, i int) string {
	if i >= len(args) {
		return ""
	}
	v, _ := args[i].Unmark()
	if v.Type() != cty.String || v.IsNull() || !v.IsKnown() {
		return ""
	}
	return v.AsString()
}

// numberAt is an argument's whole part if it is a positive number or a text that reads
// as one.
func numberAt(args []cty.Value, i int) int {
	if i >= len(args) {
		return 0
	}
	v, _ := args[i].Unmark()
	switch {
	case v.IsNull() || !v.IsKnown():
		return 0
	case v.Type() == cty.String:
		n, _ := strconv.ParseFloat(v.AsString(), 64)
		return whole(n)
	case v.Type() == cty.Number:
		n, _ := v.AsBigFloat().Float64()
		return whole(n)
	}
	return 0
}

func whole(n float64) int {
	if n > 0 {
		return int(min(n, never))
	}
	return 0
}
