package printable_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/printable"
)

// dangerous are the runes that must not reach a terminal, by the standards that define
// them: C0 and C1 (ECMA-48), bidirectional controls (UAX 9), tags, and separators.
func dangerous(r rune) bool {
	switch {
	case r < 0x20 && r != '\n' && r != '\t', r >= 0x7F && r <= 0x9F:
	case r == 0x061C, r >= 0x200B && r <= 0x200F, r >= 0x2028 && r <= 0x202E, r >= 0x2060 && r <= 0x206F, r == 0xFEFF, r >= 0xE0000 && r <= 0xE007F:
	default:
		return unicode.Is(unicode.Bidi_Control, r)
	}
	return true
}

func hostile() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"\x1b]0;gone\a", "\x1b[2J", "\x1b]8;;http://evil/\x1b\\link\x1b]8;;\x1b\\", "\x1bP+q\x1b\\", "\x9b31m", "\u009b31m", "\u202eevil\u2066", "\u200b", "\U000E0041", "\r", "\u2028", "\xff", "é", "👍",
		}))
		return strings.Join(rapid.SliceOf(part).Draw(t, "parts"), "")
	})
}

func TestNothingDangerousPassesTheWriter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		var out bytes.Buffer
		w := printable.NewWriter(&out)
		for rest := []byte(text); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if !utf8.Valid(out.Bytes()) || strings.ContainsFunc(out.String(), dangerous) {
			t.Fatalf("%q passes as %q", text, out.String())
		}
		if strings.ContainsFunc(printable.Line(text), func(r rune) bool { return dangerous(r) || r == '\n' || r == '\t' }) {
			t.Fatalf("%q is no single line: %q", text, printable.Line(text))
		}
	})
}

func TestJSONMeansTheSameAfterwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]string{strings.ToValidUTF8(hostile().Draw(t, "name"), "?"): strings.ToValidUTF8(hostile().Draw(t, "text"), "?")}
		var out bytes.Buffer
		if err := json.NewEncoder(printable.NewWriter(&out)).Encode(want); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%q is no JSON: %v", out.String(), err)
		}
		for name, text := range want {
			if got[name] != text {
				t.Fatalf("%q has become %q", want, got)
			}
		}
	})
}

func TestWhatPeopleWriteStaysAsItIs(t *testing.T) {
	const text = "Größe: 5 € – „fertig“ 日本語 עברית العربية 👍🏽 ❤️\n\tend"
	if got := printable.Text(text); got != text {
		t.Errorf("it becomes %q", got)
	}
	if got := printable.Text("a\x1b[31m\U000E0041"); got != `a\u001b[31m\udb40\udc41` {
		t.Errorf("the escapes are %q", got)
	}
}

func TestFlattenReachesEveryText(t *testing.T) {
	type inner struct{ Text string }
	type outer struct {
		Inner   []inner
		Pointer *inner
		Map     map[string]string
		Any     any
		Raw     json.RawMessage
		hidden  string
	}
	v := outer{
		Inner: []inner{{"a\nb"}}, Pointer: &inner{"a\r\nb"}, Map: map[string]string{"k\n": "a\tb"},
		Any: []any{"a\nb"}, Raw: json.RawMessage("{\n}"), hidden: "a\nb",
	}
	printable.Flatten(&v)
	if v.Inner[0].Text != "a b" || v.Pointer.Text != "a b" || v.Map["k "] != "a b" || v.Any.([]any)[0] != "a b" {
		t.Errorf("left over: %+v", v)
	}
	if string(v.Raw) != "{\n}" || v.hidden != "a\nb" {
		t.Errorf("changed: %+v", v)
	}
}

func TestBlankKeepsPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(hostile().Draw(t, "text"))
		blanked := printable.Blank(text)
		if len(blanked) != len(text) || strings.ContainsFunc(string(blanked), dangerous) {
			t.Fatalf("%q becomes %q", text, blanked)
		}
	})
}
