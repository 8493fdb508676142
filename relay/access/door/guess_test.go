package door

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/store"
)

func TestGuessingIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, settings())
		home := h.browser()
		home.from = "198.51.100.1:1"
		home.signIn("ada@example.com", correct)
		home.ask(http.MethodPost, "/sign-out", nil)

		// One address, many names; then many addresses, one name.
		words := make(map[string]int)
		thief := h.browser()
		for i := range 5000 {
			words[thief.signIn(fmt.Sprintf("name-%d@example.com", i), "guess")]++
		}
		if tried := words[ErrWrong.Error()]; tried != 20 || len(words) != 2 {
			t.Errorf("from one address, %d passwords were tried: %v", tried, words)
		}
		clear(words)
		for i := range 5000 {
			thief.from = fmt.Sprintf("[2001:db8:%x::1]:1", i)
			words[thief.signIn("ada@example.com", "guess")]++
		}
		if tried := words[ErrWrong.Error()]; tried != 10 {
			t.Errorf("for one name, %d passwords were tried: %v", tried, words)
		}
		for i := range 50 { // neighbours in a network of IPv6 are one address
			thief.from = fmt.Sprintf("[2001:db8:ffff::%x]:1", i)
			thief.signIn(fmt.Sprint(i), "guess")
		}
		if said := thief.signIn("x", "guess"); !strings.Contains(said, "too many attempts; try again in 10s") {
			t.Errorf("a 52nd address of a network hears %q", said)
		}

		stranger := h.browser()
		stranger.from = "203.0.113.9:1"
		if said := stranger.signIn("ada@example.com", correct); !strings.Contains(said, "too many attempts; try again in 30s") {
			t.Errorf("meanwhile, Ada in another browser hears %q", said)
		}
		stranger.cookies["__Host-relay-known"] = strings.Replace(home.cookies["__Host-relay-known"], ".", ".A", 1)
		if said := stranger.signIn("ada@example.com", correct); !strings.Contains(said, "too many") {
			t.Errorf("with a forged mark, she hears %q", said)
		}
		stranger.cookies["__Host-relay-known"] = home.cookies["__Host-relay-known"]
		if said := stranger.signIn("mia@example.com", correct); said != "" {
			t.Errorf("Mia, whom nobody guesses, hears %q", said)
		}
		if said := home.signIn("ada@example.com", correct); said != "" {
			t.Errorf("in a browser that she has signed in with before, she hears %q", said)
		}
		time.Sleep(30 * time.Second)
		if said := stranger.signIn("ada@example.com", correct); said != "" {
			t.Errorf("half a minute after the guessing has ended, she hears %q", said)
		}
		refused := 0
		for _, e := range h.audit {
			if strings.Contains(e, "refused") {
				refused++
			}
			if strings.Contains(e, "name-") {
				t.Errorf("what somebody typed is in the audit log: %s", e)
			}
		}
		if refused > 60 {
			t.Errorf("10,000 attempts left %d entries in the audit log", refused)
		}
	})
}

// TestNamesCannotBeFound: an unknown name and a wrong password get the same words, and take
// the same work.
func TestNamesCannotBeFound(t *testing.T) {
	h := newHouse(t, settings())
	b := h.browser()
	if known, unknown := b.signIn("ada@example.com", "wrong"), b.signIn("eve@example.com", "wrong"); known != unknown || known != ErrWrong.Error() {
		t.Errorf("a known name hears %q, an unknown one %q", known, unknown)
	}
	costs, _, _ := strings.Cut(kept, "$c29t")
	for _, name := range []string{"ada@example.com", "eve@example.com", "", strings.Repeat("x", 1000)} {
		if user, hash := h.kept(h.current.Load(), name); !strings.HasPrefix(hash.String(), costs) || (user.Name == "") != (hash.String() != kept) {
			t.Errorf("%.20s is %q, and costs %s", name, user.Name, hash)
		}
	}
	s := settings()
	s.Users[0].Password = secret.New("not a hash: canary")
	h.Use(s)
	if said := b.signIn("ada@example.com", correct); said != ErrWrong.Error() {
		t.Errorf("with a password that cannot be read, she hears %q", said)
	}
}

func (h *house) token(name, person string, expires time.Time, scopes ...string) string {
	h.t.Helper()
	secret := "relay_" + name
	err := h.store.AddAPIToken(h.t.Context(), store.APIToken{Hash: hash(secret), Person: person, Name: name, Scopes: scopes, Created: time.Now(), Expires: expires})
	if err != nil {
		h.t.Fatal(err)
	}
	return "Bearer " + secret
}
