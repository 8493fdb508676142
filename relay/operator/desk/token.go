package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Me implements [operator.Relay].
func (d *Desk) Me(ctx context.Context) (operator.Me, error) {
	p, _ := access.From(ctx)
	return operator.Me{Name: p.Name, Role: p.Role, Teams: append([]string{}, p.Teams...), Via: p.Via, Scopes: append([]access.Scope{}, p.Scopes...)}, nil
}

// AuditLog implements [operator.Relay].
func (d *Desk) AuditLog(ctx context.Context, f store.AuditFilter) ([]operator.Audited, error) {
	f.Limit = min(f.Limit, operator.MostListed)
	found, err := d.options.Store.AuditLog(ctx, f)
	list := make([]operator.Audited, len(found))
	for i, e := range found {
		list[i] = operator.Audited(e)
	}
	return list, err
}

// Tokens implements [operator.Relay].
func (d *Desk) Tokens(ctx context.Context) ([]operator.Token, error) {
	found, err := d.options.Store.APITokens(ctx, "")
	list := make([]operator.Token, len(found))
	for i, t := range found {
		list[i] = told(t)
	}
	return list, err
}

func told(t store.APIToken) operator.Token {
	o := operator.Token{Name: t.Name, Person: t.Person, Scopes: []access.Scope{}, Created: t.Created, Expires: t.Expires, Used: t.Used}
	for _, s := range t.Scopes {
		o.Scopes = append(o.Scopes, access.Scope(s))
	}
	return o
}

// tokenPrefix lets scanners find tokens in what should hold none.
const tokenPrefix = "relay_"

// CreateToken implements [operator.Relay]. The store never has the secret, only its hash.
func (d *Desk) CreateToken(ctx context.Context, n operator.NewToken) (operator.Token, error) {
	p, _ := access.From(ctx)
	if err := checkToken(n); err != nil {
		return operator.Token{}, fmt.Errorf("%w token: %w", operator.ErrInvalid, err)
	}
	hers, err := d.options.Store.APITokens(ctx, p.Name)
	if err != nil {
		return operator.Token{}, err
	}
	if len(hers) >= store.MaxAPITokens {
		return operator.Token{}, fmt.Errorf("%w: nobody has more than %d tokens; revoke one that is not used", operator.ErrInvalid, store.MaxAPITokens)
	}
	secret := tokenPrefix + rand.Text() + rand.Text()
	t := store.APIToken{Hash: sha256.Sum256([]byte(secret)), Person: p.Name, Name: n.Name, Created: time.Now(), Expires: n.Expires}
	for _, s := range access.Everything() {
		if slices.Contains(n.Scopes, s) {
			t.Scopes = append(t.Scopes, string(s))
		}
	}
	if err := d.options.Store.AddAPIToken(ctx, t); errors.Is(err, store.ErrTaken) {
		return operator.Token{}, fmt.Errorf("%w: you have a token %q already; revoke it, or choose another name", operator.ErrInvalid, n.Name)
	} else if err != nil {
		return operator.Token{}, err
	}
	o := told(t)
	o.Secret = secret
	return o, nil
}

func checkToken(n operator.NewToken) error {
	switch {
	case !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(n.Name):
		return errors.New("its name has letters, digits, '.', '-' and '_', 64 at most, such as ci")
	case len(n.Scopes) == 0:
		return fmt.Errorf("it has at least one of the scopes %s", scopes())
	case !n.Expires.IsZero() && !n.Expires.After(time.Now()):
		return errors.New("it would have expired already")
	}
	for _, s := range n.Scopes {
		if !slices.Contains(access.Everything(), s) {
			return fmt.Errorf("there is no scope %q; the scopes are %s", s, scopes())
		}
	}
	return nil
}

func scopes() string {
	var names []string
	for _, s := range access.Everything() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// RevokeToken implements [operator.Relay].
func (d *Desk) RevokeToken(ctx context.Context, t operator.TokenRef) error {
	err := d.options.Store.RevokeAPIToken(ctx, t.Person, t.Name)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("token %s of %s: %w; `relay tokens list` lists them", t.Name, t.Person, operator.ErrNotFound)
	}
	return err
}
