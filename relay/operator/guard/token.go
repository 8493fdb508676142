package guard

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Me implements [operator.Relay].
func (g *Guard) Me(ctx context.Context) (operator.Me, error) {
	if _, err := g.look(ctx); err != nil {
		return operator.Me{}, err
	}
	return g.relay.Me(ctx)
}

// AuditLog implements [operator.Relay]. Who does not see everything sees what she has done
// herself.
func (g *Guard) AuditLog(ctx context.Context, f store.AuditFilter) ([]operator.Audited, error) {
	v, err := g.look(ctx)
	switch {
	case err != nil:
		return nil, err
	case v.SeesAll():
	case f.Who != "" && f.Who != v.Name:
		return []operator.Audited{}, nil
	default:
		f.Who = v.Name
	}
	return g.relay.AuditLog(ctx, f)
}

// Tokens implements [operator.Relay]. Everybody sees her own, and ops see all.
func (g *Guard) Tokens(ctx context.Context) ([]operator.Token, error) {
	return seen(ctx, g, operator.Relay.Tokens, func(v view, t operator.Token) bool { return v.ownsToken(t.Person) })
}

func (v view) ownsToken(person string) bool { return v.Role == access.Ops || person == v.Name }

// CreateToken implements [operator.Relay]. People make tokens; a token that could make
// others would outlive its end.
func (g *Guard) CreateToken(ctx context.Context, n operator.NewToken) (operator.Token, error) {
	a := act{access.Configure, "create token", "token " + n.Name, "scopes " + strings.Trim(fmt.Sprint(n.Scopes), "[]"), func(v view) error {
		switch {
		case strings.HasPrefix(v.Via, "token "):
			return fmt.Errorf("%w: a token makes no tokens; sign in", operator.ErrForbidden)
		case slices.ContainsFunc(n.Scopes, func(s access.Scope) bool { return !v.May(s) && slices.Contains(access.Everything(), s) }):
			return fmt.Errorf("%w: a token has no more scopes than who makes it", operator.ErrForbidden)
		}
		return nil
	}}
	return changing(ctx, g, a, func() (operator.Token, error) { return g.relay.CreateToken(ctx, n) })
}

// RevokeToken implements [operator.Relay].
func (g *Guard) RevokeToken(ctx context.Context, t operator.TokenRef) error {
	if p, ok := access.From(ctx); ok && t.Person == "" {
		t.Person = p.Name
	}
	a := act{access.Configure, "revoke token", "token " + t.Name, "of " + t.Person, func(v view) error {
		if !v.ownsToken(t.Person) {
			return fmt.Errorf("token %s of %s: %w; `relay tokens list` lists them", t.Name, t.Person, operator.ErrNotFound)
		}
		return nil
	}}
	return doing(ctx, g, a, func() error { return g.relay.RevokeToken(ctx, t) })
}
