package api

import (
	"context"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Me implements [operator.Relay].
func (c *Client) Me(ctx context.Context) (operator.Me, error) {
	return ask[operator.Me](ctx, c, "Me", question{})
}

// AuditLog implements [operator.Relay]. It asks for one page after the other.
func (c *Client) AuditLog(ctx context.Context, f store.AuditFilter) ([]operator.Audited, error) {
	return pages(f.Limit, func(last *operator.Audited, limit int) ([]operator.Audited, error) {
		if last != nil {
			f.Before = last.ID
		}
		f.Limit = limit
		return ask[[]operator.Audited](ctx, c, "AuditLog", question{query: query(auditFields(&f))})
	})
}

// Tokens implements [operator.Relay].
func (c *Client) Tokens(ctx context.Context) ([]operator.Token, error) {
	return ask[[]operator.Token](ctx, c, "Tokens", question{})
}

// CreateToken implements [operator.Relay].
func (c *Client) CreateToken(ctx context.Context, t operator.NewToken) (operator.Token, error) {
	return ask[operator.Token](ctx, c, "CreateToken", question{body: t})
}

// RevokeToken implements [operator.Relay].
func (c *Client) RevokeToken(ctx context.Context, t operator.TokenRef) error {
	return tell(ctx, c, "RevokeToken", question{body: t})
}
