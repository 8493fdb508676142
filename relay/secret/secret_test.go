package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

// canary must not be found in anything that is printed.
const canary = "canary-0123456789"

// holder has secrets wherever a careless struct may have them.
type holder struct {
	Public  Value
	private Value
	pointer *Value
	list    []Value
	byName  map[string]Value
	inner   struct{ value Value }
	any     any
}

func newHolder() *holder {
	v := New(canary)
	h := &holder{Public: v, private: v, pointer: &v, list: []Value{v}, byName: map[string]Value{"a": v}, any: v}
	h.inner.value = v
	return h
}

func checkHidden(t *testing.T, what, text string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("%d", []byte(canary))} {
		if strings.Contains(text, form) || strings.Contains(text, strings.Trim(form, "[]")) {
			t.Errorf("%s shows the secret: %s", what, text)
		}
	}
}

func TestNoVerbShowsASecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	file := FromFile(path)
	if _, err := file.Reveal(); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{
		"value": New(canary), "file": file, "holder": newHolder(), "holder by value": *newHolder(),
		"pointer": &file, "list": []Value{file, New(canary)}, "wrapped": struct{ v Value }{file}, "error": fmt.Errorf("bad %v", New(canary)),
		"joined": errors.Join(fmt.Errorf("bad %s", New(canary)), fmt.Errorf("bad %q", file)), "text": New(canary).String(),
	}
	for name, v := range values {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw" {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "40", ".3", "+#"} {
				format := "%" + flags + string(verb)
				checkHidden(t, name+" with "+format, fmt.Sprintf(format, v))
			}
		}
		checkHidden(t, name+" with Sprint", fmt.Sprint(v))
		checkHidden(t, name+" with Sprintln", fmt.Sprintln(v))
	}
}

func TestNoEncoderShowsASecret(t *testing.T) {
	h := newHolder()
	b, err := json.Marshal(map[string]any{"value": New(canary), "holder": h})
	if err != nil {
		t.Fatal(err)
	}
	checkHidden(t, "JSON", string(b))
	if got, err := json.Marshal(New(canary)); err != nil || string(got) != `"[secret]"` {
		t.Errorf("JSON: %s, %v", got, err)
	}

	var out bytes.Buffer
	log := zerolog.New(&out)
	log.Info().Interface("v", New(canary)).Interface("h", h).Any("a", []Value{New(canary)}).Stringer("s", New(canary)).
		Str("f", fmt.Sprintf("%+v", h)).Err(fmt.Errorf("x: %v", New(canary))).Msgf("%v", New(canary))
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("m", "v", New(canary), "h", h, "list", []Value{New(canary)}, slog.Group("g", "v", New(canary)))
	}
	checkHidden(t, "a logger", out.String())
	if n := strings.Count(out.String(), "[secret]"); n < 8 {
		t.Errorf("the loggers wrote %d placeholders: %s", n, out.String())
	}
}

func TestReveal(t *testing.T) {
	if got, err := New(canary).Reveal(); err != nil || got != canary {
		t.Errorf("New: %q, %v", got, err)
	}
	var zero Value
	if got, err := zero.Reveal(); err != nil || got != "" {
		t.Errorf("zero value: %q, %v", got, err)
	}
	if !zero.IsZero() || !New("").IsZero() || New("x").IsZero() || FromFile("nowhere").IsZero() {
		t.Error("IsZero")
	}
	dir := t.TempDir()
	for content, want := range map[string]string{"a": "a", "a\n": "a", "a\r\n": "a", "a\nb\n": "a\nb", " a ": " a ", "": ""} {
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := FromFile(path).Reveal(); err != nil || got != want {
			t.Errorf("%q: %q, %v", content, got, err)
		}
	}
	_, err := FromFile(filepath.Join(dir, "nowhere")).Reveal()
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("missing file: %v", err)
	}
}

func TestFileRotation(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "token")
	put := func(content string, age time.Duration) {
		t.Helper()
		next := filepath.Join(dir, "next")
		if err := os.WriteFile(next, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(next, then, then); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, path); err != nil {
			t.Fatal(err)
		}
	}
	v := FromFile(path)
	expect := func(want string) {
		t.Helper()
		for range 2 {
			if got, err := v.Reveal(); err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		}
	}
	put("first", time.Hour)
	expect("first")
	put("other", time.Hour) // the same size and age in another file
	expect("other")
	put("fresh", 0)
	expect("fresh")
	if err := os.WriteFile(path, []byte("again"), 0o600); err != nil { // the same file and size, perhaps the same tick of the clock
		t.Fatal(err)
	}
	expect("again")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Reveal(); err == nil {
		t.Errorf("a file that is gone gives %q", got)
	}
	put("back", time.Hour)
	expect("back")
}

func TestFileIsReadOnceWhileItStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	v := FromFile(path)
	if _, err := v.Reveal(); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(50, func() { _, _ = v.Reveal() }); n > 5 {
		t.Errorf("%v allocations", n)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if text, err := v.Reveal(); err != nil || len(text) != 100_000 {
					t.Errorf("%d bytes, %v", len(text), err)
				}
			}
		})
	}
	group.Wait()
}

func TestEqualAndFingerprint(t *testing.T) {
	values := []Value{{}, New("a"), New("b"), FromFile("a"), FromFile("b")}
	again := []Value{New(""), New("a"), New("b"), FromFile("a"), FromFile("b")}
	for i, v := range values {
		for j, u := range again {
			if v.Equal(u) != (i == j) || (v.Fingerprint() == u.Fingerprint()) != (i == j) {
				t.Errorf("%d and %d", i, j)
			}
		}
		if strings.Contains(v.Fingerprint(), canary) {
			t.Error("a fingerprint shows the secret")
		}
	}
	if diff := cmp.Diff(New("a"), New("a")); diff != "" {
		t.Error(diff)
	}
}

func TestMask(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var m Masker
	if got := m.Mask("anything"); got != "anything" {
		t.Errorf("an empty mask gives %q", got)
	}
	m.Add(
		New("token-1"), New("token-1-and-more"), New("short"), Value{}, FromFile(file), FromFile("nowhere"),
		New("secret"), New("a b&c/d\"e"), New("overlap"), New("lapping"),
		New("https://u:pass-word@flows.example.com/workflows/0123456789/run?sig=abcdefghijklmnop&sv=1.0"),
	)
	tests := map[string]string{
		"nothing here":       "nothing here",
		"":                   "",
		"x token-1 y":        "x [secret] y",
		"token-1-and-more":   "[secret]",
		"token-1-and":        "[secret]-and",
		"token-1token-1":     "[secret][secret]",
		"a short word":       "a short word",
		"from-a-file":        "[secret]",
		"a secret thing":     "a [secret] thing",
		"a b&c/d\"e":         "[secret]",
		"q=a+b%26c%2Fd%22e":  "q=[secret]",
		"/a%20b&c%2Fd%22e":   "/[secret]",
		`{"k":"a b&c/d\"e"}`: `{"k":"[secret]"}`,
		`a b\u0026c/d\"e`:    "[secret]",
		"a b&amp;c/d&#34;e":  "[secret]",
		"overlapping":        "[secret]",
		`{"path":"\/workflows\/0123456789\/run?x"}`: `{"path":"[secret]?x"}`,
		`\\/workflows\\/0123456789\\/run`:           "[secret]",
		`Post "https://u:pass-word@flows.example.com/workflows/0123456789/run?sig=abcdefghijklmnop&sv=1.0": EOF`: `Post "[secret]": EOF`,
		"POST /workflows/0123456789/run?sig=abcdefghijklmnop&sv=1.0 HTTP/1.1":                                    "POST [secret] HTTP/1.1",
		"path /workflows/0123456789/run":            "path [secret]",
		"sig abcdefghijklmnop":                      "sig [secret]",
		"pass-word":                                 "[secret]",
		"flows.example.com does not answer, sv=1.0": "flows.example.com does not answer, sv=1.0",
	}
	for text, want := range tests {
		if got := m.Mask(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestABase64OfASecretIsASecret(t *testing.T) {
	var m Masker
	m.Add(New("ghp_0123456789"), New("https://reader:pass%2Fword%3F@feeds.example.com/private"), New("https://feeds.example.com/x?token=0123456789abcdef"))
	for _, whole := range []string{
		"ghp_0123456789", "x:ghp_0123456789", "me:ghp_0123456789", "you:ghp_0123456789", "me:ghp_0123456789:and-more",
		"reader:pass/word?", "0123456789abcdef", "token=0123456789abcdef",
	} {
		for name, alphabet := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding, "raw": base64.RawStdEncoding} {
			encoded := alphabet.EncodeToString([]byte(whole))
			got := m.Mask("Authorization: Basic " + encoded + " was refused")
			for left := range strings.SplitSeq(got, hidden) {
				left = strings.TrimSuffix(strings.TrimPrefix(left, "Authorization: Basic "), " was refused")
				if len(left) > 22 {
					t.Errorf("%q in %s: %s", whole, name, got)
				}
			}
			if !strings.Contains(got, hidden) {
				t.Errorf("%q in %s: %s", whole, name, got)
			}
		}
	}
}

func TestAnOwnersValuesAreMaskedUntilItHasOthers(t *testing.T) {
	var m Masker
	m.Add(New("added-once"))
	m.Keep("a", New("first-of-a"), New("shared"))
	m.Keep("b", New("first-of-b"), New("shared"))
	m.Keep("a", New("second-of-a"))
	want := "[secret] first-of-a [secret] [secret] [secret]"
	if got := m.Mask("added-once first-of-a second-of-a first-of-b shared"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	m.Keep("b")
	if got := m.Mask("first-of-b shared added-once"); got != "first-of-b shared [secret]" {
		t.Errorf("after b has none: %q", got)
	}
}

func TestMaskAllocatesNothingWithoutASecret(t *testing.T) {
	var m Masker
	for i := range 50 {
		m.Add(New(fmt.Sprintf("secret-number-%d", i)))
	}
	line := strings.Repeat("a line of a log without any ", 20)
	if n := testing.AllocsPerRun(50, func() { m.Mask(line) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMaskerWhileItChanges(t *testing.T) {
	var m Masker
	m.Add(New(canary))
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for j := range 50 {
				m.Add(New(fmt.Sprintf("number-%d-%d", i, j)))
				m.Keep("one", New(canary+"-one"))
			}
		})
		group.Go(func() {
			for range 200 {
				if got := m.Mask("x " + canary); got != "x [secret]" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	group.Wait()
}

func FuzzMask(f *testing.F) {
	f.Add("secret-a", "secret-b", "x secret-a y secret-b")
	f.Add("aaaaaa", "aaaaaaa", "aaaaaaaaaaaaaaaaaaaaa")
	f.Add("\xff\xfe\xfd123", "ééééé", "ééééééé\xff\xfe\xfd123")
	f.Fuzz(func(t *testing.T, a, b, text string) {
		var m Masker
		m.Add(New(a), New(b))
		got := m.Mask(text)
		for _, s := range []string{a, b} {
			// What is left of a masked text is the placeholder and what is no secret.
			if len(s) >= shortest && strings.Contains(text, s) && !strings.Contains(got, hidden) {
				t.Errorf("%q is left in %q", s, got)
			}
		}
		// The slow way comes to the same.
		var stretches []bool
		for i := range len(text) {
			for _, n := range all(m.needles.Load()) {
				if strings.HasPrefix(text[i:], n) {
					stretches = append(stretches, make([]bool, max(0, i+len(n)-len(stretches)))...)
					for j := range len(n) {
						stretches[i+j] = true
					}
				}
			}
		}
		var want strings.Builder
		for i := range len(text) {
			inside := i < len(stretches) && stretches[i]
			if !inside {
				want.WriteByte(text[i])
			}
		}
		if strings.ReplaceAll(got, hidden, "") != want.String() && !strings.Contains(text, hidden) {
			t.Errorf("%q gives %q; without the secrets it is %q", text, got, want.String())
		}
	})
}

// all are the texts that a masker looks for.
func all(n *needles) []string {
	if n == nil {
		return nil
	}
	return n.list
}

func BenchmarkMask(b *testing.B) {
	var values []Value
	for i := range 10_000 {
		values = append(values, New(fmt.Sprintf("https://blog-%d.example.com/feeds/posts/default.xml", i)))
	}
	var m Masker
	m.Add(values...)
	line := `{"level":"warn","part":"intake","connector":"blog","kind":"temporary","error":"fetch the feed at blog-1.example.com: dial tcp 192.0.2.1:443: connect: connection refused","events":0,"known":0,"took_ms":60.059}`
	b.ReportAllocs()
	for b.Loop() {
		m.Mask(line)
	}
}
