package door

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/access/gate"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/memory"
)

// Hashes of two passwords that cost little to check.
const (
	correct = "correct horse battery"
	kept    = "$argon2id$v=19$m=7168,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$c30QMVzyYGk2dYThmmRO3Cl+ihp/e2C3zhmkwktqdTE"
	another = "$argon2id$v=19$m=7168,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$baKFxLeC3vydbj9aRtCfufHbfiGEctSJBPgbYIvFKbg"
)

// house is a door with what is behind it.
type house struct {
	*Door
	t     *testing.T
	store store.Store
	all   http.Handler
	audit []string
	// streams counts what streams now.
	entered, left chan struct{}
}

func settings() *Settings {
	return &Settings{
		Roster: access.Roster{
			Ops:     access.Membership{Members: []string{"Ada@Example.com"}, Groups: []string{"g-ops"}},
			Readers: access.Membership{Members: []string{"rob@example.com"}},
			Teams:   []access.Team{{Name: "red", Membership: access.Membership{Members: []string{"mia@example.com", "rob@example.com"}}}},
		},
		Users: []User{
			{"ada@example.com", secret.New(kept)}, {"rob@example.com", secret.New(kept)}, {"mia@example.com", secret.New(kept)}, {"nobody@example.com", secret.New(kept)},
		},
		Session: 12 * time.Hour,
	}
}

func newHouse(t *testing.T, s *Settings) *house {
	h := &house{t: t, store: memory.New(), entered: make(chan struct{}, 1), left: make(chan struct{}, 1)}
	h.Door = New(Options{
		Store: h.store, Log: zerolog.Nop(), Key: func() ([]byte, error) { return make([]byte, 32), nil },
		Audit: func(_ context.Context, e store.AuditEntry) {
			h.audit = append(h.audit, e.Who+" "+e.Action+" "+e.Outcome)
		},
	})
	h.Use(s)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		p, _ := access.From(r.Context())
		fmt.Fprintf(w, "%s %s %v via %s may %v", p.Name, p.Role, p.Teams, p.Via, p.Scopes)
	})
	mux.HandleFunc("GET /stream", func(_ http.ResponseWriter, r *http.Request) {
		h.entered <- struct{}{}
		<-r.Context().Done()
		h.left <- struct{}{}
	})
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		if err := h.SignIn(w, r, r.FormValue("name"), r.FormValue("password")); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
		}
	})
	mux.HandleFunc("POST /sign-out", func(w http.ResponseWriter, r *http.Request) {
		if err := h.SignOut(w, r); err != nil {
			t.Error(err)
		}
	})
	g := gate.New()
	public, _ := url.Parse("https://relay.example.com")
	g.Use(gate.Settings{Public: public})
	h.all = g.Handler(h.Handler(mux))
	return h
}

// browser asks what is behind a door.
type browser struct {
	house   *house
	from    string
	cookies map[string]string
	header  http.Header
}

func (h *house) browser() *browser {
	return &browser{house: h, from: "192.0.2.7:1234", cookies: make(map[string]string), header: make(http.Header)}
}

func (b *browser) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.house.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host, r.RemoteAddr, r.TLS, r.Header = "relay.example.com", b.from, &tls.ConnectionState{}, b.header.Clone()
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.house.all.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			b.house.t.Errorf("the cookie %s is not guarded: %+v", c.Name, c)
		}
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

// who says who the relay thinks she is; empty for nobody.
func (b *browser) who() string {
	b.house.t.Helper()
	w := b.ask(http.MethodGet, "/who", nil)
	switch w.Code {
	case http.StatusOK:
		return w.Body.String()
	case http.StatusUnauthorized:
		return ""
	}
	return w.Result().Status
}

func (b *browser) signIn(name, text string) string {
	b.house.t.Helper()
	return strings.TrimSpace(b.ask(http.MethodPost, "/sign-in", url.Values{"name": {name}, "password": {text}}).Body.String())
}

func TestPeopleSignInAndOut(t *testing.T) {
	h := newHouse(t, settings())
	for name, want := range map[string]string{
		"ada@example.com":   "ada@example.com ops [] via session may [read operate configure]",
		" MIA@example.com ": "mia@example.com member [red] via session may [read operate configure]",
		"rob@example.com":   "rob@example.com reader [red] via session may [read operate configure]",
	} {
		b := h.browser()
		if said := b.signIn(name, correct); said != "" || b.who() != want {
			t.Errorf("%s signs in (%s), and is %s", name, said, b.who())
		}
		stolen := b.cookies["__Host-relay"]
		b.ask(http.MethodPost, "/sign-out", nil)
		if b.cookies["__Host-relay"] != "" || b.who() != "" {
			t.Error("after signing out, the browser is", b.who())
		}
		if b.cookies["__Host-relay"] = stolen; b.who() != "" {
			t.Error("after signing out, the cookie still is", b.who())
		}
	}
	b := h.browser()
	if said := b.signIn("nobody@example.com", correct); !strings.Contains(said, "no role or team") || b.who() != "" {
		t.Errorf("who has no rights hears %q, and is %s", said, b.who())
	}
	if got := h.audit[len(h.audit)-1]; got != "nobody@example.com sign in refused" || !slices.Contains(h.audit, "ada@example.com sign out done") {
		t.Errorf("the audit log has %v", h.audit)
	}
}

func TestNobodyPreparesASession(t *testing.T) {
	h := newHouse(t, settings())
	thief, victim := h.browser(), h.browser()
	thief.signIn("mia@example.com", correct)
	victim.cookies["__Host-relay"] = thief.cookies["__Host-relay"]
	if said := victim.signIn("ada@example.com", correct); said != "" {
		t.Fatal(said)
	}
	if thief.who() != "" || !strings.HasPrefix(victim.who(), "ada") {
		t.Errorf("the thief is %q, the victim %q", thief.who(), victim.who())
	}
	victim.cookies["__Host-relay"] = "chosen-by-the-thief"
	if victim.who() != "" {
		t.Errorf("a token of the thief's choice is %q", victim.who())
	}
	// A cookie from http, or from a neighbouring host, has no prefix.
	thief.cookies = map[string]string{"relay": victim.cookies["__Host-relay"]}
	if thief.who() != "" {
		t.Errorf("a cookie without the prefix is %q", thief.who())
	}
}

func TestSessionsEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(h *house, b *browser)
		want string
	}{
		{"while it is used", func(*house, *browser) { time.Sleep(idleFor - time.Second) }, "rob@example.com reader [red]"},
		{"when nobody has used it for long", func(*house, *browser) { time.Sleep(idleFor) }, ""},
		{"used again and again", func(_ *house, b *browser) {
			for range 11 {
				time.Sleep(time.Hour)
				b.who()
			}
		}, "rob@example.com reader [red]"},
		{"used again and again, until it is old", func(_ *house, b *browser) {
			for range 12 {
				time.Sleep(time.Hour)
				b.who()
			}
		}, ""},
		{"used, and looked at by the housekeeping", func(h *house, b *browser) {
			for range 3 {
				time.Sleep(time.Hour)
				b.who()
				h.Look(h.t.Context())
			}
		}, "rob@example.com reader [red]"},
		{"when sessions become shorter", func(h *house, b *browser) {
			time.Sleep(time.Hour)
			s := settings()
			s.Session = time.Hour
			h.Use(s)
		}, ""},
		{"with another password", func(h *house, _ *browser) {
			s := settings()
			s.Users[1].Password = secret.New(another)
			h.Use(s)
		}, ""},
		{"when somebody is no user any more", func(h *house, _ *browser) {
			s := settings()
			s.Users = s.Users[:1]
			h.Use(s)
		}, ""},
		{"when she has left the team", func(h *house, _ *browser) {
			s := settings()
			s.Roster.Teams = nil
			h.Use(s)
		}, "rob@example.com reader []"},
		{"when she has another role", func(h *house, _ *browser) {
			s := settings()
			s.Roster.Readers, s.Roster.Teams, s.Roster.Ops = access.Membership{}, nil, access.Membership{Members: []string{"ROB@example.com"}}
			h.Use(s)
		}, "rob@example.com ops []"},
		{"when she has no rights any more", func(h *house, _ *browser) {
			s := settings()
			s.Roster = access.Roster{}
			h.Use(s)
		}, ""},
		{"when all of hers are ended", func(h *house, _ *browser) { _, _ = h.store.EndSessions(h.t.Context(), "rob@example.com") }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t, settings())
				b := h.browser()
				if said := b.signIn("rob@example.com", correct); said != "" {
					t.Fatal(said)
				}
				c.then(h, b)
				if got, _, _ := strings.Cut(b.who(), " via"); got != c.want {
					t.Errorf("she is %q, not %q", got, c.want)
				}
			})
		})
	}
}

func TestWhatIsUnderWayEndsWithTheSession(t *testing.T) {
	for name, then := range map[string]func(h *house, b *browser){
		"signing out": func(_ *house, b *browser) { b.ask(http.MethodPost, "/sign-out", nil) },
		"the end of the session": func(h *house, _ *browser) {
			_, _ = h.store.EndSessions(h.t.Context(), "ada@example.com")
			h.Look(h.t.Context())
		},
		"another role": func(h *house, _ *browser) {
			s := settings()
			s.Roster.Ops, s.Roster.Readers.Members = access.Membership{}, []string{"ada@example.com"}
			h.Use(s)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, settings())
			b := h.browser()
			b.signIn("ada@example.com", correct)
			go b.ask(http.MethodGet, "/stream", nil)
			<-h.entered
			h.Look(t.Context()) // it may go on
			h.Use(settings())
			synctest.Wait()
			select {
			case <-h.left:
				t.Fatal("a stream ended by itself")
			default:
			}
			other := h.browser()
			other.cookies = map[string]string{"__Host-relay": b.cookies["__Host-relay"]}
			then(h, other)
			synctest.Wait()
			select {
			case <-h.left:
			default:
				t.Errorf("%s does not end what is under way", name)
			}
			if len(h.inside.all) != 0 && name != "another role" {
				t.Errorf("after %s, somebody is still inside: %v", name, h.inside.all)
			}
		})
	}
}

func TestTokensActForTheirMaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, settings())
		ctx := t.Context()
		if err := h.store.SavePerson(ctx, store.Person{Name: "guest@example.com", Groups: []string{"g-ops"}, SignedIn: time.Now()}); err != nil {
			t.Fatal(err)
		}
		ada, short := h.token("a", "ada@example.com", time.Time{}, "read", "operate"), h.token("b", "ada@example.com", time.Now().Add(time.Hour), "read")
		guest, local := h.token("c", "guest@example.com", time.Time{}, "read"), h.token("d", access.LocalName, time.Time{}, "configure")
		b := h.browser()
		with := func(authorization ...string) string {
			b.header["Authorization"] = authorization
			return b.who()
		}
		check := func(when string, want map[string]string) {
			t.Helper()
			for shown, who := range want {
				if got := with(shown); got != who {
					t.Errorf("%s, %s is %q, not %q", when, shown, got, who)
				}
			}
		}
		check("at first", map[string]string{
			ada: "ada@example.com ops [] via token a may [read operate]", short: "ada@example.com ops [] via token b may [read]",
			guest: "guest@example.com ops [] via token c may [read]", local: "local operator ops [] via token d may [configure]",
			"bearer relay_a": "ada@example.com ops [] via token a may [read operate]",
			"Bearer relay_x": "", "Basic relay_a": "", "relay_a": "", "Bearer": "", "Bearer ": "",
		})
		if got := with("Bearer relay_x", ada); got != "" {
			t.Errorf("two tokens are %q", got)
		}
		b.signIn("mia@example.com", correct)
		check("beside a session", map[string]string{ada: "ada@example.com ops [] via token a may [read operate]", "Bearer relay_x": ""})
		delete(b.header, "Authorization")
		b.cookies = map[string]string{}
		if w := b.ask(http.MethodGet, "/who?token=relay_a&access_token=relay_a", nil); w.Code != http.StatusUnauthorized {
			t.Errorf("a token in a URL: %d", w.Code)
		}
		h.Look(ctx)
		if kept, err := h.store.APIToken(ctx, hash("relay_a")); err != nil || kept.Used.IsZero() {
			t.Errorf("when it was used is not kept: %+v, %v", kept, err)
		}

		time.Sleep(time.Hour)
		check("an hour later", map[string]string{short: ""})
		s := settings()
		s.Roster.Ops.Members, s.Roster.Readers.Members = nil, []string{"ada@example.com"}
		h.Use(s)
		check("when Ada is a reader", map[string]string{ada: "ada@example.com reader [] via token a may [read operate]"})
		s = settings()
		s.Roster.Ops.Members = nil
		h.Use(s)
		check("when Ada has no rights", map[string]string{ada: ""})
		time.Sleep(groupsFor)
		check("when the guest has not signed in for long", map[string]string{guest: "", local: "local operator ops [] via token d may [configure]"})
		if err := h.store.RevokeAPIToken(ctx, access.LocalName, "d"); err != nil {
			t.Fatal(err)
		}
		check("when it is revoked", map[string]string{local: ""})
	})
}

func TestOnLoopbackNobodyNeedsToSignIn(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	if got := b.who(); got != "local operator ops [] via loopback may [read operate configure]" {
		t.Errorf("somebody is %q", got)
	}
	b.header.Set("Authorization", "Bearer relay_x")
	if got := b.who(); got != "" {
		t.Errorf("with a token that nobody made, somebody is %q", got)
	}
	b.header.Set("Authorization", h.token("m", "mia@example.com", time.Time{}, "read"))
	if got := b.who(); got != "" {
		t.Errorf("with a token of somebody who cannot sign in, somebody is %q", got)
	}
	b.header.Del("Authorization")
	if said := b.signIn("ada@example.com", correct); said != ErrWrong.Error() || len(b.cookies) > 0 {
		t.Errorf("where nobody signs in, somebody hears %q and gets %v", said, b.cookies)
	}
}

func TestStrangersAreLedToSignIn(t *testing.T) {
	h := newHouse(t, settings())
	b := h.browser()
	if w := b.ask(http.MethodGet, "/who?x=1&y=%2F", nil); w.Code != http.StatusUnauthorized || !strings.Contains(w.Header().Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("a program: %d %v", w.Code, w.Header())
	}
	b.header.Set("Accept", "text/html,*/*")
	w := b.ask(http.MethodGet, "/who?x=1&y=%2F", nil)
	if at, _ := url.Parse(w.Header().Get("Location")); w.Code != http.StatusSeeOther || at.Path != "/sign-in" || at.Query().Get("to") != "/who?x=1&y=%2F" {
		t.Errorf("a browser: %d %v", w.Code, w.Header())
	}
	w = b.ask(http.MethodPost, "/channels/x/pause", nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in?to=%2F" {
		t.Errorf("a form: %d %v", w.Code, w.Header())
	}
}

// broken is a store that cannot be read.
type broken struct{ store.Access }

func (broken) Session(context.Context, store.Hash) (store.Session, error) {
	return store.Session{}, io.ErrUnexpectedEOF
}

func TestAStoreThatFailsLetsNobodyInAndSeesNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, settings())
		b := h.browser()
		b.signIn("ada@example.com", correct)
		go b.ask(http.MethodGet, "/stream", nil)
		<-h.entered
		whole := h.options.Store
		h.options.Store = broken{whole}
		h.Look(t.Context())
		if got := b.who(); got != "503 Service Unavailable" {
			t.Errorf("somebody is %q", got)
		}
		synctest.Wait()
		select {
		case <-h.left:
			t.Error("what was under way has ended")
		default:
		}
		h.options.Store = whole
		b.ask(http.MethodPost, "/sign-out", nil)
		<-h.left
	})
}
