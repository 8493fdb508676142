package sqlite

import (
	"context"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// RotateHook implements [store.Store].
func (s *Store) RotateHook(ctx context.Context, connector string, until time.Time) (token string, err error) {
	now := time.Now()
	token = newToken()
	return token, s.write(ctx, &operation{what: "rotate the hook URL of connector " + connector, do: func(w *writer) error {
		if !until.After(now) {
			until = now
		}
		n, err := w.exec(`UPDATE connectors SET former_token = hook_token, former_until = ?, former_used = hook_used, hook_token = ?, hook_used = 0
			WHERE name = ?`, micros(until), token, connector)
		if err == nil && n == 0 {
			return store.ErrNotFound
		}
		return err
	}})
}

// SaveHookUse implements [store.Store].
func (s *Store) SaveHookUse(ctx context.Context, used map[string]time.Time) error {
	return s.write(ctx, &operation{what: "save when hook URLs were used", do: func(w *writer) error {
		for token, at := range used {
			err := w.all([]statement{
				{"UPDATE connectors SET hook_used = ?1 WHERE hook_token = ?2 AND hook_used < ?1", []any{micros(at), token}},
				{"UPDATE connectors SET former_used = ?1 WHERE former_token = ?2 AND former_used < ?1", []any{micros(at), token}},
			})
			if err != nil {
				return err
			}
		}
		return nil
	}})
}
