package door

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/access/gate"
	"github.com/connector-relay/relay/relay/access/password"
	"github.com/connector-relay/relay/relay/store"
)

var (
	// ErrWrong means that a mail address or password is wrong. It does not say which
	// of the two is wrong.
	ErrWrong = errors.New("wrong mail address or password")
	// ErrNoRights means that somebody has signed in and has no rights.
	ErrNoRights = errors.New("you have no access to this relay")
)

// TooManyError means that somebody has to wait before she tries again.
type TooManyError struct{ Wait time.Duration }

// Error implements [error].
func (e TooManyError) Error() string {
	return fmt.Sprintf("too many attempts; try again in %s", e.Wait.Round(time.Second))
}

// Ways are how people can sign in.
type Ways struct {
	// Needed says that they need to at all.
	Needed   bool
	Password bool
	// OpenID is the issuer's host, or empty.
	OpenID string
}

// Ways returns how people can sign in now.
func (d *Door) Ways() Ways {
	now := d.current.Load()
	if now == nil {
		return Ways{}
	}
	w := Ways{Needed: true, Password: len(now.Users) > 0}
	if now.OpenID != nil {
		w.OpenID = host(now.OpenID.Issuer)
	}
	return w
}

// SignIn signs somebody in with a password. Its errors are for her to read.
func (d *Door) SignIn(w http.ResponseWriter, r *http.Request, name, text string) error {
	ctx, now := r.Context(), d.current.Load()
	if now == nil || len(now.Users) == 0 {
		return ErrWrong
	}
	at := gate.ArrivalOf(ctx)
	clean, _ := access.CleanName(name)
	turns, wait := d.takeTurns(r, at, clean)
	if wait > 0 {
		d.note(ctx, now.nameOf(clean), "sign in", "refused", at)
		return TooManyError{wait}
	}
	user, err := d.matches(ctx, now, clean, text)
	if errors.Is(err, ErrWrong) {
		d.note(ctx, now.nameOf(clean), "sign in", "refused", at)
		return err
	}
	turns() // nobody has guessed
	if err != nil {
		return err
	}
	if err := d.let(ctx, w, r, now, store.Person{Name: user.Name}, user.proof()); err != nil {
		return err
	}
	d.markBrowser(w, r, user.Name)
	return nil
}

// matches returns the user to whom a name and a password belong. It takes as long when there
// is none.
func (d *Door) matches(ctx context.Context, now *open, name, text string) (User, error) {
	user, kept := d.kept(now, name)
	switch ok, err := d.passwords.Check(ctx, kept, text); {
	case err != nil:
		return User{}, err
	case !ok:
		return User{}, ErrWrong
	}
	return user, nil
}

// kept returns a user and the hash of her password. For a name that nobody has, it is a
// decoy with the costs of somebody's, always the same for a name.
func (d *Door) kept(now *open, name string) (User, password.Hash) {
	user, known := now.user(name)
	if !known {
		h := fnv.New32a()
		_, _ = h.Write([]byte(name))
		user = now.Users[int(h.Sum32()%uint32(len(now.Users)))]
	}
	kept, err := user.hash()
	if err != nil {
		d.options.Log.Error().Err(err).Str("user", user.Name).Msg("a password in the configuration cannot be used")
	}
	if err != nil || !known {
		return User{}, kept.Decoy()
	}
	return user, kept
}

func (u User) hash() (password.Hash, error) {
	text, err := u.Password.Reveal()
	if err != nil {
		return password.Hash{}, err
	}
	return password.Parse(strings.TrimSpace(text))
}

// proof is of the password that somebody signs in with: another one is another proof.
func (u User) proof() string {
	text, err := u.Password.Reveal()
	if err != nil {
		return "no password"
	}
	sum := sha256.Sum256([]byte("proof of a password\x00" + text))
	return "password " + hex.EncodeToString(sum[:16])
}

// takeTurns takes a turn to guess from each who could be guessing, and returns how to give
// them back. Somebody else's guesses do not keep her out of a browser that she has signed
// in with before.
func (d *Door) takeTurns(r *http.Request, at gate.Arrival, name string) (giveBack func(), wait time.Duration) {
	address := network(at.From)
	if wait := d.addresses.Take(address); wait > 0 {
		return nil, wait
	}
	names, key := d.names, name
	if mark := readCookie(r, knownCookie); mark != "" && d.isMark(mark, name) {
		names, key = d.browsers, mark
	}
	if wait := names.Take(key); wait > 0 {
		return nil, wait
	}
	return func() { d.addresses.Return(address); names.Return(key) }, 0
}

// network is the part of an address that one subscriber has.
func network(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// let lets somebody in who has proved who she is: it keeps what the sign-in said of her,
// and begins a session if she has any rights.
func (d *Door) let(ctx context.Context, w http.ResponseWriter, r *http.Request, now *open, p store.Person, proof string) error {
	ctx, at := context.WithoutCancel(ctx), gate.ArrivalOf(ctx)
	who, ok := now.Roster.Person(p.Name, p.Groups)
	p.Role, p.SignedIn = string(who.Role), time.Now()
	if err := d.options.Store.SavePerson(ctx, p); err != nil {
		return err
	}
	if d.options.SignedIn != nil {
		d.options.SignedIn(ctx, p)
	}
	if !ok {
		d.note(ctx, p.Name, "sign in", "refused", at)
		return fmt.Errorf("%w: you are %s, and no role or team in its configuration names you or a group of yours. Ask whoever runs it", ErrNoRights, p.Name)
	}
	if err := d.begin(ctx, w, r, now, p.Name, proof); err != nil {
		return err
	}
	d.note(ctx, p.Name, "sign in", "done", at)
	return nil
}

// stranger is who the audit log says tried to sign in under a name that nobody has. What she
// typed there may be a password.
const stranger = "somebody unknown"

func (o *open) nameOf(name string) string {
	if _, ok := o.user(name); ok {
		return name
	}
	return stranger
}

// note writes down who came in, or did not.
func (d *Door) note(ctx context.Context, who, action, outcome string, at gate.Arrival) {
	if outcome != "done" && d.noted.Take("") > 0 {
		return
	}
	d.options.Audit(context.WithoutCancel(ctx), store.AuditEntry{
		Time: time.Now(), Who: who, Via: "sign-in", Action: action, Outcome: outcome, Detail: "from " + at.From.String(),
	})
}

// knownFor is how long a browser is known in which somebody has signed in.
const knownFor = 180 * 24 * time.Hour

// markBrowser marks a browser as one in which somebody has signed in.
func (d *Door) markBrowser(w http.ResponseWriter, r *http.Request, name string) {
	since := strconv.FormatInt(time.Now().Unix(), 10)
	if mac, err := d.mac(name, since); err == nil {
		setCookie(w, r, knownCookie, since+"."+mac, knownFor)
	}
}

// isMark reports whether a cookie is the mark of a browser in which somebody of this name
// has signed in.
func (d *Door) isMark(mark, name string) bool {
	since, mac, _ := strings.Cut(mark, ".")
	seconds, err := strconv.ParseInt(since, 10, 64)
	if age := time.Since(time.Unix(seconds, 0)); err != nil || age < 0 || age > knownFor {
		return false
	}
	want, err := d.mac(name, since)
	return err == nil && hmac.Equal([]byte(mac), []byte(want))
}

func (d *Door) mac(name, since string) (string, error) {
	key, err := d.options.Key()
	if err != nil {
		return "", err
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "browser %q %s", name, since)
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)), nil
}
