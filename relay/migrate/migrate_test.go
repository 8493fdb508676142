package migrate

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	encoding "golang.org/x/text/encoding/unicode"
	"gotest.tools/v3/golden"
)

// importers are what reads the files of testdata, by what their names begin with.
func importers() map[string]func([]byte, string) (*Draft, error) {
	return map[string]func([]byte, string) (*Draft, error){"teams": Teams, "alertmanager": Alertmanager, "grafana": Grafana, "apprise": Apprise}
}

// files are the paths of what is read in testdata.
func files(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*")
	paths = slices.DeleteFunc(paths, func(path string) bool { return filepath.Ext(path) == ".golden" })
	if err != nil || len(paths) < 11 {
		t.Fatalf("testdata: %v, %v", paths, err)
	}
	return paths
}

// samples calls a test with each file of testdata.
func samples(t *testing.T, do func(t *testing.T, file string, read func([]byte, string) (*Draft, error), data []byte)) {
	t.Helper()
	for _, path := range files(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Base(path)
		program := strings.FieldsFunc(file, func(r rune) bool { return r == '-' || r == '.' })[0]
		t.Run(file, func(t *testing.T) { do(t, file, importers()[program], data) })
	}
}

func TestDrafts(t *testing.T) {
	samples(t, func(t *testing.T, file string, read func([]byte, string) (*Draft, error), data []byte) {
		d, err := read(data, file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(d.HCL())
		if strings.Contains(text+strings.Join(d.Todo(), "\n"), "CANARY") {
			t.Errorf("a secret is shown:\n%s", text)
		}
		env, err := d.Environment()
		if err != nil {
			t.Fatal(err)
		}
		golden.Assert(t, text+"\n# ---- the variables\n\n"+string(env), file+".golden")
	})
}

// However Windows wrote it, a file says the same.
func TestEncodings(t *testing.T) {
	data, err := os.ReadFile("testdata/teams-audit.csv")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Teams(data, "x")
	if err != nil {
		t.Fatal(err)
	}
	utf16 := func(e encoding.Endianness, mark encoding.BOMPolicy) []byte {
		b, err := encoding.UTF16(e, mark).NewEncoder().Bytes(data)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	ansi, err := charmap.Windows1252.NewEncoder().Bytes(data)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"UTF-8 with a mark":       append([]byte("\xef\xbb\xbf"), data...),
		"UTF-16, small end":       utf16(encoding.LittleEndian, encoding.UseBOM),
		"UTF-16, big end":         utf16(encoding.BigEndian, encoding.UseBOM),
		"UTF-16 without a mark":   utf16(encoding.LittleEndian, encoding.IgnoreBOM),
		"what Windows calls ANSI": ansi,
		"CRLF":                    bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")),
	} {
		got, err := Teams(text, "x")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if string(got.HCL()) != string(want.HCL()) {
			t.Errorf("%s: %s", name, got.HCL())
		}
	}
}

func TestFilesOfOtherKinds(t *testing.T) {
	for program, read := range importers() {
		for _, text := range []string{"", "\x00\x00", "{}", "[]", "[1]", "null", "a,b\n1,2\n", "a: 'CANARY", "receivers: CANARY", "global: `CANARY`", "urls: [[[]]]", "contactPoints: {a: CANARY}", "{\"value\": [null]}"} {
			d, err := read([]byte(text), "x")
			if err == nil {
				t.Errorf("%s makes of %q\n%s", program, text, d.HCL())
			} else if strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", program, err)
			}
		}
	}
}

func TestEnvironmentIsOneLineForEach(t *testing.T) {
	d := newDraft("")
	d.variable("a", "url", "one\ntwo", "it's \"quoted\" $HOME `id` \\n")
	got, err := d.Environment()
	if want := "# one two\nA_URL=\"it's \\\"quoted\\\" \\$HOME \\`id\\` \\\\n\"\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	d.variable("a", "url", "", "one\ntwo")
	if _, err := d.Environment(); err == nil || strings.Contains(err.Error(), "two") {
		t.Errorf("error: %v", err)
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"U.S. Sales": "u-s-sales", "Café Ärger": "cafe-arger", "7 Wonders": "team-7-wonders", "!!!": "team", "日本": "日本", strings.Repeat("ü日", 40): strings.Repeat("u日", 16), "a\x00\xffb": "a-b",
	} {
		if got := slug("team", text); got != want || len(got) > longestName {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	d := newDraft("")
	long := strings.Repeat("a", longestName)
	for _, want := range []string{long, long[:62] + "-2", long[:62] + "-3"} {
		if got := d.free("x", long, "-"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func FuzzImports(f *testing.F) {
	for _, path := range files(f) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range importers() {
			d, err := read(data, "x")
			if err != nil {
				continue
			}
			text := d.HCL()
			if parsed, diags := parse(text); diags.HasErrors() || len(parsed) != len(d.blocks) {
				t.Errorf("%v in\n%s", diags, text)
			}
			_ = d.Todo()
		}
	})
}
