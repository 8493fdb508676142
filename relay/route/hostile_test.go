package route

import (
	"fmt"
	"maps"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

// hostileData are what a stranger may send as an event's data.
func hostileData() map[string]string {
	const size = 256 << 10
	of := func(part string) string { return strings.Repeat(part, size/len(part)) }
	array := func(part string) string { return strings.TrimSuffix(of(part+","), ",") }
	members := func(value string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, `"m%d":%s,`, i, value)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	x := func(v string) string { return `{"x":` + v + `,"y":"y","n":7}` }
	return map[string]string{
		"deep lists":        x(strings.Repeat("[", 9900) + strings.Repeat("]", 9900)),
		"deep objects":      x(strings.Repeat(`{"x":`, 9900) + "1" + strings.Repeat("}", 9900)),
		"many deep lists":   x("[" + array(strings.Repeat("[", 200)+strings.Repeat("]", 200)) + "]"),
		"levels of lists":   x(strings.Repeat("[1,2,3,", 31) + "[" + array("1") + "]" + strings.Repeat("]", 31)),
		"tiny exponent":     x("1e-400000"),
		"huge exponent":     x("1e999999999"),
		"many exponents":    x("[" + array("1e400") + "]"),
		"exponents as text": x("[" + strings.TrimSuffix(strings.Repeat(`"1e-400000",`, 2000), ",") + "]"),
		"binary exponent":   x(`"1p-2000000000"`),
		"long number":       x(of("9")),
		"long digits":       x("0." + of("3")),
		"digits as text":    x(`"` + of("9") + `"`),
		"many numbers":      x("[" + array("1") + "]"),
		"2,500 numbers":     x("[" + strings.TrimSuffix(strings.Repeat("1,", 2499), ",") + "]"),
		"2,500 texts":       x("[" + strings.TrimSuffix(strings.Repeat(`"abc",`, 2499), ",") + "]"),
		"2,500 mixed":       x("[" + strings.TrimSuffix(strings.Repeat(`"abc",{"a":1},[1],true,`, 620), ",") + "]"),
		"2,500 objects":     x("[" + strings.TrimSuffix(strings.Repeat(`{"id":1,"name":"n","items":[1,2]},`, 2400), ",") + "]"),
		"wide object":       x("{" + members("1") + "}"),
		"wide at the top":   "{" + members("1") + `,"x":1,"y":"y"}`,
		"same member":       "{" + of(`"x":[],`) + `"x":1,"y":"y"}`,
		"long text":         x(`"` + of("a") + `"`),
		"long text of dots": x(`"` + of("a.") + `"`),
		"many lines":        x(`"` + of(`a\n`) + `"`),
		"combining marks":   x(`"` + of("e\u0301") + `"`),
		"json in text":      x(`"` + of(`[1],`) + `"`),
		"csv in text":       x(`"a,b\n` + of(`1,2\n`) + `"`),
		"fine":              `{"x":[1,2,3],"y":"y","n":7}`,
	}
}

// hostileRoutes are what an operator may write without thinking of such data.
func hostileRoutes() []string {
	values := []string{
		`event.data`, `event.data.x`, `length(event.data.x)`, `tostring(event.data.x)`, `"${event.data.x}"`, `event.data.x + 1`, `event.data.x * 1.5 > 3`, `-event.data.x`, `event.data.x % 7`,
		`tonumber(event.data.x)`, `parseint(event.data.x, 10)`, `format("%d", event.data.x)`, `format("%s", event.data.x)`, `format("%v %v %v", event.data.x, event.data.x, event.data.x)`,
		`format(event.data.x, 1)`, `format("%${event.data.n}s", event.data.y)`, `formatlist("%s %s", event.data.x, event.data.y)`, `formatlist("%s %s", split("", event.data.x), event.data.x)`,
		`join(", ", event.data.x)`, `join(event.data.x, split("", event.data.x))`, `replace(event.data.x, "", event.data.x)`, `replace(event.data.x, "a", event.data.x)`,
		`regex(event.data.x, event.data.x)`, `regex("(a+)+$", event.data.x)`, `regexall("a.*b|a", event.data.x)`, `regexreplace(event.data.x, "a.*b|a", "aaaaaaaaaa")`, `regex("((a{0,30}){0,30})*b", event.data.x)`,
		`split("", event.data.x)`, `split(".", event.data.x)`, `trim(event.data.x, event.data.x)`, `indent(1000000, event.data.x)`, `strrev(event.data.x)`, `upper(event.data.x)`, `title(event.data.x)`,
		`jsonencode(event.data)`, `jsondecode(event.data.x)`, `jsondecode("[${event.data.x}1]")`, `csvdecode(event.data.x)`, `base64encode(event.data.x)`, `urlencode(event.data.x)`,
		`setproduct(event.data.x, event.data.x)`, `setproduct(event.data.x, event.data.x, event.data.x)`, `distinct(event.data.x)`, `toset(event.data.x)`, `tolist(event.data.x)`, `setunion(event.data.x, event.data.x)`,
		`flatten([event.data.x, event.data.x])`, `concat(event.data.x, event.data.x)`, `merge(event.data.x, event.data.x)`, `sort(event.data.x)`, `reverse(event.data.x)`, `chunklist(event.data.x, 2)`,
		`zipmap(event.data.x, event.data.x)`, `keys(event.data.x)`, `values(event.data.x)`, `contains(event.data.x, event.data.x)`, `index(event.data.x, 3)`, `coalesce(event.data.x, event.data.y)`, `compact(event.data.x)`,
		`true ? event.data.x : [1]`, `true ? event.data.x : {}`, `event.data.x == event.data.x`, `event.data.x[0]`, `event.data.x["1e-400000"]`, `event.data.x[*]`, `event.data.x.*.id`, `element(event.data.x, event.data.n)`,
		`[for a in event.data.x : a]`, `[for a in event.data.x : event.data.x]`, `[for a in event.data.x : [for b in event.data.x : "${b}"]]`,
		`[for a in event.data.x : [for b in event.data.x : [for c in event.data.x : 1]]]`, `{for i, a in event.data.x : "k${i}" => event.data.x}`, `{for a in event.data.x : "k" => a...}`,
		`"%{for a in event.data.x}${a}%{for b in event.data.x}${b}%{endfor}%{endfor}"`, `[for c in split("", event.data.x) : c]`, `try([for a in event.data.x : [for b in event.data.x : b]], 1)`,
		`can([for a in event.data.x : [for b in event.data.x : b]])`, `pow(event.data.n, 1000000)`, `range(1000)`, `range(event.data.x)`, `[for a in event.data.x : [for b in range(1000) : [for c in range(1000) : b]]]`,
		`event.data.n * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 * 1e300 % 7`,
		`substr(event.data.x, 0, 1000000)`, `strlen(event.data.x)`, `lookup(event.data, "x", 1)`, `formatdate("YYYY", event.data.x)`, `timeadd(event.data.x, "1h")`,
		`escape(event.data.x)`, `event.card`, `event.card.facts`, `[for s in event.card.sections : [for f in s.facts : [for g in event.card.facts : f.name]]]`, `join(", ", event.card.facts[*].name)`,
	}
	var routes []string
	for i, v := range values {
		if i%2 == 0 {
			routes = append(routes, fmt.Sprintf("when = can(%s)\nto = [channel.a]", v))
		} else {
			routes = append(routes, fmt.Sprintf("to = [channel.a]\ncard {\n title = jsonencode(%s)\n }", v))
		}
	}
	return append(routes,
		"to = [channel.a]\ncard {\n dynamic \"fact\" {\n for_each = event.data.x\n labels = [fact.key]\n content {\n value = jsonencode(fact.value)\n }\n }\n }",
		"to = [channel.a]\ncard {\n dynamic \"fact\" {\n for_each = split(\"\", event.data.x)\n labels = [fact.value]\n content {\n value = fact.value\n }\n }\n }",
		"to = [channel.a]\ncard {\n dynamic \"section\" {\n for_each = event.data.x\n content {\n dynamic \"fact\" {\n for_each = event.data.x\n labels = [fact.key]\n content {\n value = event.data.y\n }\n }\n }\n }\n }",
		"to = [channel.a]\ncard {\n dynamic \"section\" {\n for_each = event.data.x\n content {\n text = event.data.x\n }\n }\n }",
		"to = [channel.a]\ncard {\n section {\n at = event.data.x\n }\n }",
	)
}

// TestHostileData evaluates what operators write over what strangers send. Whatever
// meets, an evaluation ends, and what it allocates is bounded; and data as it should
// be is evaluated as it should.
func TestHostileData(t *testing.T) {
	const most = 100 << 20
	large := card.Card{Title: "t", Sections: []card.Section{{Facts: make([]card.Fact, 300_000)}}}
	data := hostileData()
	names := slices.Sorted(maps.Keys(data))
	for i, text := range hostileRoutes() {
		r := mustCompile(t, text)
		e := event.Event{Kind: "k", Card: card.Card{Title: "t"}}
		if strings.Contains(text, "event.card") {
			e.Card = large
		}
		for j, name := range names {
			if (i+j)%9 != 0 { // each meets some of the others
				continue
			}
			e.Data = []byte(data[name])
			before := allocated()
			r.Apply("c", e)
			if bytes := allocated() - before; bytes > most {
				t.Errorf("%s: %s: allocated %d MB", name, text, bytes>>20)
			}
		}
	}
}

// allocated is how many bytes the process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestHostileDataIsNoLoss: what costs too much says so where people look for it, and
// the event goes on as after any other failure.
func TestHostileDataIsNoLoss(t *testing.T) {
	e := event.Event{Kind: "k", Card: card.Card{Title: "t"}, Data: []byte(hostileData()["2,500 numbers"])}
	costly := `[for a in event.data.x : [for b in event.data.x : a + b]]`
	const reason = "it exceeds the budget for one event"
	got := mustCompile(t, "when = length("+costly+") > 1\nto = [channel.a]").Apply("c", e)
	if got.Matched || !got.Failed || !strings.Contains(got.Reason, reason) {
		t.Errorf("the condition: %+v", got)
	}
	// Neither try nor can make it one that holds, or does not.
	for _, f := range []string{"can(%s)", "!can(%s)", "try(length(%s) > 1, true)"} {
		if got := mustCompile(t, "when = "+fmt.Sprintf(f, costly)+"\nto = [channel.a]").Apply("c", e); !got.Failed || !strings.Contains(got.Reason, reason) {
			t.Errorf("%s: %+v", f, got)
		}
	}
	got = mustCompile(t, "to = [channel.a]\ncard {\n title = jsonencode("+costly+")\n}").Apply("c", e)
	if !got.Matched || got.Card != nil || !strings.Contains(got.Reason, reason) {
		t.Errorf("the card block: %+v", got)
	}
	got = mustCompile(t, "urgent = length("+costly+") > 1\nto = [channel.a]").Apply("c", e)
	if !got.Matched || !got.Urgent || !strings.Contains(got.Reason, reason) {
		t.Errorf("urgent: %+v", got)
	}
}

// TestOnlyWhatIsReached: a route that looks at one member is not troubled by the
// others, whatever they are.
func TestOnlyWhatIsReached(t *testing.T) {
	r := mustCompile(t, `when = event.data.y == "y" && event.data["n"] == 7
		to = [channel.a]
		card { title = event.data.o.p.q }`)
	for name, d := range hostileData() {
		if !strings.Contains(d, `"n":7`) {
			continue
		}
		d = `{"o":{"p":{"q":"deep","r":1e-400000},"s":[1]},` + d[1:]
		before := allocated()
		got := r.Apply("c", event.Event{Kind: "k", Card: card.Card{Title: "t"}, Data: []byte(d)})
		if !got.Matched || got.Card == nil || got.Card.Title != "deep" {
			t.Errorf("%s: %+v", name, got)
		}
		if bytes := allocated() - before; bytes > 8<<20 {
			t.Errorf("%s: allocated %d MB", name, bytes>>20)
		}
	}
}
