package sqlite

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/connector-relay/relay/relay/store"
)

// keysOf is the name under which the keys of the connector ?1 are kept.
const keysOf = "coalesce((SELECT nullif(keys, '') FROM connectors WHERE name = ?1), ?1)"

// OpenConnector implements [store.Store]. A connector that starts afresh also
// forgets the keys it has reported.
func (s *Store) OpenConnector(ctx context.Context, name, typ string) (store.Kept, error) {
	token := newToken()
	err := s.write(ctx, &operation{what: "open connector " + name, do: func(w *writer) error {
		// A connector that was renamed may still keep its keys under this name; a new
		// connector then needs another place for its own.
		if _, err := w.exec(`INSERT INTO connectors (name, type, hook_token, keys)
			SELECT ?1, ?2, ?3, CASE WHEN EXISTS (SELECT 1 FROM connectors WHERE keys = ?1) THEN ?4 ELSE '' END
			WHERE true ON CONFLICT (name) DO NOTHING`, name, typ, token, name+"."+newToken()); err != nil {
			return err
		}
		changed, err := w.exec("UPDATE connectors SET type = ?1, checkpoint = NULL, poll = NULL, last_event = 0 WHERE name = ?2 AND type <> ?1", typ, name)
		if err != nil || changed == 0 {
			return err
		}
		_, err = w.exec("DELETE FROM seen WHERE connector = "+keysOf, name)
		return err
	}})
	if err != nil {
		return store.Kept{}, err
	}
	list, err := s.connectors(ctx, "WHERE name = ?", name)
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Kept{}, fmt.Errorf("open connector %s: %w", name, err)
	}
	return list[0], nil
}

// Connectors implements [store.Store].
func (s *Store) Connectors(ctx context.Context) ([]store.Kept, error) {
	list, err := s.connectors(ctx, "ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("read connectors: %w", err)
	}
	return list, nil
}

func (s *Store) connectors(ctx context.Context, clause string, args ...any) ([]store.Kept, error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT name, type, hook_token, hook_used, former_token, former_until, former_used, last_event, poll, checkpoint FROM connectors "+clause, args...)
	var list []store.Kept
	err = each(rows, err, func() error {
		var c store.Kept
		var poll []byte
		var last, used, until, before int64
		if err := rows.Scan(&c.Name, &c.Type, &c.HookToken, &used, &c.Former.Token, &until, &before, &last, &poll, (*[]byte)(&c.Checkpoint)); err != nil {
			return err
		}
		c.LastEvent, c.HookUsed = moment(last), moment(used)
		c.Former.Until, c.Former.Used = moment(until), moment(before)
		err := decode(poll, &c.Poll, "how connector %s polls", c.Name)
		list = append(list, c)
		return err
	})
	return list, s.explainRead(err)
}

// SavePoll implements [store.Store]. It fails with [store.ErrNotFound] for a
// connector that was never opened.
func (s *Store) SavePoll(ctx context.Context, connector string, p store.Poll) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("save how connector %s polls: %w", connector, err)
	}
	return s.change(ctx, "save how connector "+connector+" polls", "UPDATE connectors SET poll = ? WHERE name = ?", b, connector)
}

// newToken creates the secret part of a hook URL: 192 random bits.
func newToken() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails; see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}
