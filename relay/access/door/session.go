package door

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/access/gate"
	"github.com/connector-relay/relay/relay/store"
)

// idleFor is how long a session lasts without a request, if the whole session is longer.
const idleFor = 2 * time.Hour

func hash(token string) store.Hash { return sha256.Sum256([]byte(token)) }

// begin begins a session, in place of the browser's former one: nobody can have prepared it.
func (d *Door) begin(ctx context.Context, w http.ResponseWriter, r *http.Request, now *open, name, proof string) error {
	if old := readCookie(r, sessionCookie); old != "" {
		if err := d.end(ctx, hash(old)); err != nil {
			return err
		}
	}
	b := make([]byte, sha256.Size)
	_, _ = rand.Read(b) // never fails; see crypto/rand
	token, at := base64.RawURLEncoding.EncodeToString(b), time.Now()
	s := store.Session{Hash: hash(token), Person: name, Created: at, Used: at, Expires: at.Add(now.Session), Proof: proof}
	if err := d.options.Store.SaveSession(ctx, s); err != nil {
		return err
	}
	setCookie(w, r, sessionCookie, token, now.Session)
	return nil
}

// end ends a session, and everything that is going on in it.
func (d *Door) end(ctx context.Context, h store.Hash) error {
	err := d.options.Store.EndSession(ctx, h)
	d.inside.leave(pass{hash: h})
	return err
}

// SignOut ends the browser's session.
func (d *Door) SignOut(w http.ResponseWriter, r *http.Request) error {
	ctx := context.WithoutCancel(r.Context())
	if token := readCookie(r, sessionCookie); token != "" {
		if err := d.end(ctx, hash(token)); err != nil {
			return err
		}
	}
	dropCookie(w, r, sessionCookie)
	if p, ok := access.From(ctx); ok {
		d.note(ctx, p.Name, "sign out", "done", gate.ArrivalOf(ctx))
	}
	return nil
}

// bySession returns whose session it is.
func (d *Door) bySession(ctx context.Context, now *open, h store.Hash) (access.Person, error) {
	s, err := d.options.Store.Session(ctx, h)
	if errors.Is(err, store.ErrNotFound) {
		return access.Person{}, errStranger
	}
	if err != nil {
		return access.Person{}, err
	}
	at := time.Now()
	if d.over(s, now, at) {
		if err := d.options.Store.EndSession(ctx, h); err != nil {
			d.options.Log.Warn().Err(err).Msg("a session that is over could not be removed")
		}
		return access.Person{}, errStranger
	}
	p, err := d.rights(ctx, now, s.Person)
	if err == nil {
		d.used.note(pass{hash: h}, at)
	}
	p.Via = "session"
	return p, err
}

// over reports whether a session has ended: it is too old, nobody has used it for long, or
// what it was begun with is no longer valid.
func (d *Door) over(s store.Session, now *open, at time.Time) bool {
	used := s.Used
	if later := d.used.last(pass{hash: s.Hash}); later.After(used) {
		used = later
	}
	return !at.Before(s.Expires) || at.Sub(s.Created) >= now.Session || at.Sub(used) >= min(now.Session, idleFor) || !now.proves(s)
}

// proves reports whether what a session was begun with is still valid: the same password,
// or the same issuer.
func (o *open) proves(s store.Session) bool {
	if o.OpenID != nil && s.Proof == o.OpenID.Proof() {
		return true
	}
	u, ok := o.user(s.Person)
	return ok && s.Proof == u.proof()
}

// byToken returns for whom an API token acts, with the rights that both have.
func (d *Door) byToken(ctx context.Context, now *open, h store.Hash) (access.Person, error) {
	t, err := d.options.Store.APIToken(ctx, h)
	if errors.Is(err, store.ErrNotFound) {
		return access.Person{}, errStranger
	}
	if err != nil {
		return access.Person{}, err
	}
	at := time.Now()
	if !t.Expires.IsZero() && !at.Before(t.Expires) {
		return access.Person{}, errStranger
	}
	var p access.Person
	switch {
	case t.Person == access.LocalName:
		p = access.Local("")
	case now == nil:
		return access.Person{}, errStranger // who made it can no longer sign in
	default:
		if p, err = d.rights(ctx, now, t.Person); err != nil {
			return p, err
		}
	}
	p.Via, p.Scopes = "token "+t.Name, nil
	for _, s := range t.Scopes {
		p.Scopes = append(p.Scopes, access.Scope(s))
	}
	d.used.note(pass{h, true}, at)
	return p, nil
}
