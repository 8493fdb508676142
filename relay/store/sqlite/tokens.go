package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/connector-relay/relay/relay/store"
)

// SaveToken implements [store.Store].
func (s *Store) SaveToken(ctx context.Context, connector string, sealed []byte) error {
	return s.write(ctx, &operation{what: "save the token of connector " + connector, do: func(w *writer) error {
		if sealed == nil {
			_, err := w.exec("DELETE FROM tokens WHERE connector = ?", connector)
			return err
		}
		_, err := w.exec("INSERT INTO tokens (connector, sealed) VALUES (?,?) ON CONFLICT (connector) DO UPDATE SET sealed = excluded.sealed", connector, sealed)
		return err
	}})
}

// Token implements [store.Store].
func (s *Store) Token(ctx context.Context, connector string) ([]byte, error) {
	var sealed []byte
	err := s.reader.QueryRowContext(ctx, "SELECT sealed FROM tokens WHERE connector = ?", connector).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	} else {
		err = s.explainRead(err)
	}
	if err != nil {
		return nil, fmt.Errorf("token of connector %s: %w", connector, err)
	}
	return sealed, nil
}
