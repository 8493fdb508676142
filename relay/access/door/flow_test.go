package door

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheWayBackStaysHere(t *testing.T) {
	for to, want := range map[string]string{
		"/": "/", "/channels/dev?before=5": "/channels/dev?before=5", "/a%20b": "/a%20b", "": "/", "channels": "/",
		"//evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/", "https://evil.example/": "/", "/%09/evil.example": "/",
		"/%2F/evil.example": "/", "/%5Cevil.example": "/", "javascript:alert(1)": "/", "/x\r\nSet-Cookie: a=b": "/", "/x%0d%0aSet-Cookie:%20a=b": "/",
		"/sign-in": "/", "/sign-in/elsewhere?to=/": "/", "/ok#part": "/ok", "/" + strings.Repeat("x", longestPath): "/", "http:/x": "/", "/x?to=//evil": "/x?to=//evil",
	} {
		if got := CleanPath(to); got != want {
			t.Errorf("%q leads to %q, not %q", to, got, want)
		}
	}
}

func FuzzCleanPath(f *testing.F) {
	f.Add("//evil.example/\\x")
	f.Fuzz(func(t *testing.T, to string) {
		got := CleanPath(to)
		base, _ := url.Parse("https://relay.example.com/sign-in")
		at, err := base.Parse(got)
		if err != nil || at.Host != base.Host || at.Scheme != base.Scheme || strings.ContainsAny(got, "\r\n\\") || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") {
			t.Errorf("%q leads to %q", to, got)
		}
	})
}

func TestAFlowIsSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, settings())
		f := flow{To: "/x", Until: time.Now().Add(flowFor)}
		f.State, f.Verifier = "STATE", "canary"
		sealed, err := h.seal(f)
		if err != nil || strings.Contains(sealed, "canary") {
			t.Fatalf("%s, %v", sealed, err)
		}
		if got := h.unseal(sealed); got.Flow != f.Flow || got.To != "/x" {
			t.Errorf("it is read as %+v", got)
		}
		for _, forged := range []string{"", "x", "!", sealed[:len(sealed)-2], "A" + sealed[1:], sealed + "AAAA"} {
			if got := h.unseal(forged); got.State != "" {
				t.Errorf("%q is read as %+v", forged, got)
			}
		}
		time.Sleep(flowFor + time.Second)
		if got := h.unseal(sealed); got.State != "" {
			t.Errorf("too late, it is read as %+v", got)
		}
	})
}
