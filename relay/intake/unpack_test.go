package intake

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/pluginhost"
)

func packed(t *testing.T, s string, open func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var b bytes.Buffer
	w := open(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHostilePackedBodiesAreUnpackedWithinBounds(t *testing.T) {
	gzipped := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zlibbed := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	deflated := func(w io.Writer) io.WriteCloser {
		f, err := flate.NewWriter(w, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	var got *pluginhost.Request
	o := options(newMemory(), &plugins{receive: func(_ context.Context, _ pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
		got = &r
		return pluginhost.Reply{}, nil
	}})
	ci := receiving(t, "ci")
	ci.Hooks.MaxBody = 100_000
	i := start(t, o, ci)
	full, tooMuch := strings.Repeat("x", 100_000), strings.Repeat("x", 100_001)
	for _, test := range []struct {
		name, header, body, want string
		status                   int
	}{
		{"gzip", "gzip", packed(t, "a", gzipped), "a", 200},
		{"gzip by its old name", "x-gzip", packed(t, "a", gzipped), "a", 200},
		{"gzip that nobody announced", "", packed(t, "a", gzipped), "a", 200},
		{"gzip in two parts", "gzip", packed(t, "a", gzipped) + packed(t, "b", gzipped), "ab", 200},
		{"deflate", "Deflate", packed(t, "a", zlibbed), "a", 200},
		{"deflate without its header", "deflate", packed(t, "a", deflated), "a", 200},
		{"announced, but not packed", "gzip", "{}", "{}", 200},
		{"not packed, and said so", "identity", "{}", "{}", 200},
		{"as large as it may be", "gzip", packed(t, full, gzipped), full, 200},
		{"too large", "gzip", packed(t, tooMuch, gzipped), "", 413},
		{"a bomb", "deflate", packed(t, strings.Repeat("x", 50_000_000), zlibbed), "", 413},
		{"cut short", "gzip", packed(t, full, gzipped)[:50], "", 400},
		{"rubbish", "deflate", "\xff\xff\xff\xff", "", 400},
		{"packed in another way", "br", "a", "", 415},
	} {
		got = nil
		r := httptest.NewRequest(http.MethodPost, "/hooks/token-of-ci", strings.NewReader(test.body))
		r.Header.Set("Content-Encoding", test.header)
		w := httptest.NewRecorder()
		i.Hooks().ServeHTTP(w, r)
		switch {
		case w.Code != test.status, (got != nil) != (test.status == 200):
			t.Errorf("%s: answered %d %q", test.name, w.Code, w.Body)
		case got != nil && (string(got.Body) != test.want || got.Header.Get("Content-Encoding") != ""):
			t.Errorf("%s: the plugin got %d bytes, %v", test.name, len(got.Body), got.Header)
		}
	}
	if free := i.budget.bodies; !free.TryAcquire(free.size) {
		t.Error("some room was never given back")
	}
}
