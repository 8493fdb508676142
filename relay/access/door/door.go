// Package door lets people into the dashboard: it signs them in, knows them again by their
// sessions and API tokens, and sees them out.
//
// What somebody may do is never kept with a session or a token. It is worked out anew at
// each request, from the configuration that runs and the groups that the last sign-in
// told, so a change counts at once.
package door

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/access/openid"
	"github.com/connector-relay/relay/relay/access/password"
	"github.com/connector-relay/relay/relay/access/throttle"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/store"
)

// Settings are who may come in, and how. They do not change.
type Settings struct {
	Roster access.Roster
	// Users sign in with a password.
	Users []User
	// OpenID is where the others sign in, asked through Through; nil means nowhere.
	OpenID  *openid.Settings
	Through http.RoundTripper
	// Session is how long a sign-in lasts.
	Session time.Duration
}

// User is somebody with a password.
type User struct {
	// Name is as [access.CleanName] leaves it.
	Name string
	// Password is its hash as text.
	Password secret.Value
}

// Options are what a door works with.
type Options struct {
	Store store.Access
	Log   zerolog.Logger
	// Key returns a secret key that outlives the process.
	Key func() ([]byte, error)
	// Audit writes down who came in, or tried to.
	Audit func(ctx context.Context, entry store.AuditEntry)
	// SignedIn, when not nil, hears of each sign-in what it said of somebody, once that is
	// stored.
	SignedIn func(ctx context.Context, p store.Person)
}

// Door lets people in.
type Door struct {
	options   Options
	passwords *password.Checker
	// guesses slow down who tries passwords: from one address, for one name, and from one
	// browser in which that name has signed in before.
	addresses, names, browsers *throttle.Throttle
	// noted bounds the entries about failed sign-ins in the audit log.
	noted *throttle.Throttle

	mu      sync.Mutex
	current atomic.Pointer[open]
	inside  inside
	used    uses
}

// open is how the door stands: the settings, and the issuer that belongs to them.
type open struct {
	Settings
	issuer *openid.Issuer
}

// New returns a door that lets in whoever comes: nobody needs to sign in.
func New(o Options) *Door {
	return &Door{
		options: o, passwords: password.NewChecker(),
		addresses: throttle.New(20, 10*time.Second), names: throttle.New(10, 30*time.Second), browsers: throttle.New(10, 30*time.Second),
		noted:  throttle.New(50, 10*time.Second),
		inside: newInside(), used: newUses(),
	}
}

// Use changes who may come in; nil means that nobody needs to sign in. Those who are inside
// and may no longer be there are seen out.
func (d *Door) Use(s *Settings) {
	d.mu.Lock()
	if s == nil {
		d.current.Store(nil)
	} else {
		now := &open{Settings: *s}
		if before := d.current.Load(); before != nil && before.issuer != nil && s.OpenID != nil && before.OpenID.Equal(*s.OpenID) && before.Through == s.Through {
			now.issuer = before.issuer // it knows the issuer's addresses
		} else if s.OpenID != nil {
			now.issuer = openid.New(*s.OpenID, s.Through)
		}
		d.current.Store(now)
	}
	d.mu.Unlock()
	d.Look(context.Background())
}

// errStranger means that a request does not say who sends it, or nobody knows her.
var errStranger = errors.New("sign in first")

// Handler puts whoever sends a request into its context, and asks others to sign in. The
// request's context ends when she may no longer be inside.
func (d *Door) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, pass, err := d.recognise(r)
		switch {
		case err == nil:
			ctx, leave := d.inside.enter(r.Context(), pass, p)
			defer leave()
			next.ServeHTTP(w, r.WithContext(access.With(ctx, p)))
		case !errors.Is(err, errStranger):
			d.options.Log.Error().Err(err).Msg("it could not be looked up who sends a request")
			w.Header().Set("Retry-After", "5")
			http.Error(w, "The relay cannot look up who you are now.", http.StatusServiceUnavailable)
		case isOpen(r.URL.Path):
			next.ServeHTTP(w, r)
		case d.current.Load() != nil && strings.Contains(r.Header.Get("Accept"), "text/html"):
			to := "/"
			if r.Method == http.MethodGet {
				to = r.URL.RequestURI()
			}
			http.Redirect(w, r, SignInPath+"?to="+escape(to), http.StatusSeeOther)
		default:
			unknown(w)
		}
	})
}

// SignInPath is where people sign in.
const SignInPath = "/sign-in"

// isOpen reports whether a path is for everybody.
func isOpen(path string) bool {
	return path == SignInPath || strings.HasPrefix(path, SignInPath+"/") || strings.HasPrefix(path, "/static/")
}

func unknown(w http.ResponseWriter) {
	h := w.Header()
	h.Set("WWW-Authenticate", `Bearer realm="relay"`)
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"error":"sign in first, or bring a valid API token: Authorization: Bearer relay_…"}` + "\n"))
}

// pass is what somebody shows to come in: a session's or a token's hash. It is zero for who
// needs none.
type pass struct {
	hash  store.Hash
	token bool
}

// recognise returns who sends a request. The error is errStranger when nobody knows.
func (d *Door) recognise(r *http.Request) (access.Person, pass, error) {
	now := d.current.Load()
	if shown := r.Header.Values("Authorization"); len(shown) > 0 {
		scheme, token, _ := strings.Cut(shown[0], " ")
		if len(shown) > 1 || !strings.EqualFold(scheme, "Bearer") {
			return access.Person{}, pass{}, errStranger
		}
		by := pass{hash: hash(strings.TrimSpace(token)), token: true}
		p, err := d.byToken(r.Context(), now, by.hash)
		return p, by, err
	}
	if now == nil {
		return access.Local("loopback"), pass{}, nil
	}
	token := readCookie(r, sessionCookie)
	if token == "" {
		return access.Person{}, pass{}, errStranger
	}
	by := pass{hash: hash(token)}
	p, err := d.bySession(r.Context(), now, by.hash)
	return p, by, err
}

// groupsFor is how long the groups count that a sign-in told. Somebody who has left, and
// no longer signs in, is not in them for ever: her tokens end.
const groupsFor = 90 * 24 * time.Hour

// rights returns what somebody may do now. Without any rights she is a stranger.
func (d *Door) rights(ctx context.Context, now *open, name string) (access.Person, error) {
	seen, err := d.options.Store.Person(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return access.Person{}, err
	}
	if time.Since(seen.SignedIn) > groupsFor {
		seen.Groups = nil
	}
	p, ok := now.Roster.Person(name, seen.Groups)
	if !ok {
		return p, errStranger
	}
	return p, nil
}

// user returns the user of a name.
func (o *open) user(name string) (User, bool) {
	i := slices.IndexFunc(o.Users, func(u User) bool { return u.Name == name })
	if i < 0 {
		return User{}, false
	}
	return o.Users[i], true
}
