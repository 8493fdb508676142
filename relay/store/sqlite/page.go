package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

const blocksQuery = "SELECT name, hcl, owner, team, revision, saved, saved_by FROM blocks "

func scanBlock(scan func(...any) error) (store.Block, error) {
	var b store.Block
	var saved int64
	err := scan(&b.Name, &b.HCL, &b.Owner, &b.Team, &b.Revision, &saved, &b.SavedBy)
	b.Saved = moment(saved)
	return b, err
}

// Blocks implements [store.Store].
func (s *Store) Blocks(ctx context.Context) ([]store.Block, error) {
	return readAll(ctx, s, "list saved blocks", scanBlock, blocksQuery+"ORDER BY name")
}

// Block implements [store.Store].
func (s *Store) Block(ctx context.Context, name string) (store.Block, error) {
	return readOne(ctx, s, "saved block "+name, scanBlock, blocksQuery+"WHERE name = ?", name)
}

// SaveBlock implements [store.Store].
func (s *Store) SaveBlock(ctx context.Context, b store.Block, secrets map[string][]byte) (store.Block, error) {
	now, size := micros(time.Now()), len(b.HCL)
	for _, sealed := range secrets {
		size += len(sealed)
	}
	err := s.write(ctx, &operation{what: "save block " + b.Name, grows: true, bytes: size, do: func(w *writer) error {
		if err := w.revised(b.Name, b.Revision, true); err != nil {
			return err
		}
		_, err := w.exec("INSERT OR REPLACE INTO blocks (name, hcl, owner, team, revision, saved, saved_by) VALUES (?,?,?,?,?,?,?)",
			b.Name, b.HCL, b.Owner, b.Team, b.Revision+1, now, b.SavedBy)
		if err != nil {
			return err
		}
		return w.saveSecrets(secrets)
	}})
	if err != nil {
		return store.Block{}, err
	}
	b.Revision, b.Saved = b.Revision+1, moment(now)
	return b, nil
}

// revised complains when a block has another revision than the one that somebody has read;
// a block that is not there has revision 0.
func (w *writer) revised(name string, read int64, create bool) error {
	row, err := w.row("SELECT revision, saved_by FROM blocks WHERE name = ?", name)
	switch {
	case err != nil:
		return err
	case row == nil && !create:
		return store.ErrNotFound
	case row == nil && read != 0:
		return fmt.Errorf("%w: it has been removed", store.ErrChanged)
	case row != nil && row[0].(int64) != read:
		return fmt.Errorf("%w, by %s", store.ErrChanged, row[1])
	}
	return nil
}

// RemoveBlock implements [store.Store].
func (s *Store) RemoveBlock(ctx context.Context, name string, revision int64) error {
	return s.write(ctx, &operation{what: "remove block " + name, do: func(w *writer) error {
		if err := w.revised(name, revision, false); err != nil {
			return err
		}
		_, err := w.exec("DELETE FROM blocks WHERE name = ?", name)
		return err
	}})
}

// SaveSecrets implements [store.Store].
func (s *Store) SaveSecrets(ctx context.Context, secrets map[string][]byte) error {
	return s.write(ctx, &operation{what: "save secrets", do: func(w *writer) error { return w.saveSecrets(secrets) }})
}

func (w *writer) saveSecrets(secrets map[string][]byte) error {
	for name, sealed := range secrets {
		change := statement{"INSERT OR REPLACE INTO secrets (name, sealed) VALUES (?,?)", []any{name, sealed}}
		if sealed == nil {
			change = statement{"DELETE FROM secrets WHERE name = ?", []any{name}}
		}
		if err := w.all([]statement{change}); err != nil {
			return fmt.Errorf("secret %s: %w", name, err)
		}
	}
	return nil
}

// Secret implements [store.Store].
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	return readOne(ctx, s, "secret "+name, alone[[]byte], "SELECT sealed FROM secrets WHERE name = ?", name)
}

// Secrets implements [store.Store].
func (s *Store) Secrets(ctx context.Context) ([]string, error) {
	return readAll(ctx, s, "list secrets", alone[string], "SELECT name FROM secrets ORDER BY name")
}

// SavePicture implements [store.Store].
func (s *Store) SavePicture(ctx context.Context, p store.Picture) error {
	return s.write(ctx, &operation{what: "save a picture", grows: true, bytes: len(p.Content), do: func(w *writer) error {
		n, err := w.exec("INSERT INTO pictures (id, type, owner, created, content) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
			p.ID, p.Type, p.Owner, micros(p.Created), p.Content)
		if err == nil && n == 0 {
			return store.ErrTaken
		}
		return err
	}})
}

// pictureQuery reads pictures; the length of a content is known without reading it.
const pictureQuery = "SELECT id, type, owner, created, length(content), %s FROM pictures %s"

func scanPicture(scan func(...any) error) (store.Picture, error) {
	var p store.Picture
	var created int64
	err := scan(&p.ID, &p.Type, &p.Owner, &created, &p.Size, &p.Content)
	p.Created = moment(created)
	return p, err
}

// Picture implements [store.Store].
func (s *Store) Picture(ctx context.Context, id string) (store.Picture, error) {
	return readOne(ctx, s, "picture", scanPicture, fmt.Sprintf(pictureQuery, "content", "WHERE id = ?"), id)
}

// Pictures implements [store.Store].
func (s *Store) Pictures(ctx context.Context, owner string) ([]store.Picture, error) {
	clause, args := "", []any(nil)
	if owner != "" {
		clause, args = "WHERE owner = ? ", []any{owner}
	}
	return readAll(ctx, s, "list pictures", scanPicture, fmt.Sprintf(pictureQuery, "NULL", clause+"ORDER BY created DESC, id"), args...)
}

// RemovePicture implements [store.Store].
func (s *Store) RemovePicture(ctx context.Context, id string) error {
	return s.change(ctx, "remove a picture", "DELETE FROM pictures WHERE id = ?", id)
}

// change runs a query that changes or removes something, which must be there.
func (s *Store) change(ctx context.Context, what, query string, args ...any) error {
	return s.write(ctx, &operation{what: what, do: func(w *writer) error {
		n, err := w.exec(query, args...)
		if err == nil && n == 0 {
			return store.ErrNotFound
		}
		return err
	}})
}

// readAll returns what a query finds, one value for each row.
func readAll[T any](ctx context.Context, s *Store, what string, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	var all []T
	err = each(rows, err, func() error {
		v, err := scan(rows.Scan)
		all = append(all, v)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, s.explainRead(err))
	}
	return all, nil
}

// readOne returns the first value that a query finds.
func readOne[T any](ctx context.Context, s *Store, what string, scan func(func(...any) error) (T, error), query string, args ...any) (v T, err error) {
	all, err := readAll(ctx, s, what, scan, query, args...)
	switch {
	case err != nil:
		return v, err
	case len(all) == 0:
		return v, fmt.Errorf("%s: %w", what, store.ErrNotFound)
	}
	return all[0], nil
}

// alone scans a row of one column.
func alone[T any](scan func(...any) error) (v T, err error) {
	err = scan(&v)
	return v, err
}
