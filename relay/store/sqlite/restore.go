package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

// RestoreOptions say what to restore, and where.
type RestoreOptions struct {
	// Path is the store's file, and From the backup.
	Path, From string
	// Repeat posts again what may have been posted since the backup.
	Repeat   bool
	Progress Progress
}

// Restored says what a restore did.
type Restored struct {
	// Backup is what was restored. Old is what was there before, or nil when it could not
	// be read; Problem is the reason then.
	Backup  Contents  `json:"backup"`
	Old     *Contents `json:"old,omitempty"`
	Problem string    `json:"problem,omitempty"`
	// Aside is where the old store is now; empty when there was none.
	Aside string `json:"aside,omitempty"`
	// Held is how many deliveries that waited in the backup are dead letters now,
	// because they may have been delivered since; Waiting is how many still wait.
	Held    int64 `json:"held"`
	Waiting int64 `json:"waiting"`
	// Checkpoints says from where polls continue: "backup", "old" (where the old store
	// was), or "now" (each source as if its connector were new).
	Checkpoints string `json:"checkpoints"`
}

// heldReason is why a delivery that waited in a backup is a dead letter.
const heldReason = "it waited in the backup that was restored and may have been delivered since; replay it if it was not"

// Restore replaces a store with a backup and keeps the old one beside it; no relay may
// run on the store. Unless told otherwise, it posts nothing twice: what waited in the
// backup is held, except where the old store says that it still waits; and polls continue
// from the old store's checkpoints, or, where it cannot be read, start as those of new
// connectors do.
func Restore(ctx context.Context, o RestoreOptions) (r Restored, err error) {
	existed := exists(o.Path)
	h, err := hold(o.Path, zerolog.Nop())
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if !existed {
		defer removeEmpty(h.path)
	}
	if same(h.path, o.From) {
		return r, fmt.Errorf("%s is the store itself; name a backup of it", o.From)
	}
	if _, err := Check(ctx, o.From); err != nil {
		return r, fmt.Errorf("backup %s: %w", o.From, err)
	}
	part, _, err := copyBeside(ctx, o.From, h.path, o.Progress)
	if err != nil {
		return r, fmt.Errorf("backup %s: %w", o.From, err)
	}
	defer part.discard() // it has its final name by then
	if _, err := prepareFile(ctx, part.path); err != nil {
		return r, fmt.Errorf("backup %s: %w", o.From, explain(err))
	}
	old := ""
	if existed {
		if r.Old, err = h.readable(ctx); err != nil {
			r.Problem = err.Error()
		} else {
			old = h.path
		}
	}
	if err := adjust(ctx, part.path, old, o.Repeat, &r); err != nil {
		return r, fmt.Errorf("restore: %w", explain(err))
	}
	if existed {
		if r.Aside, err = keepAside(h.path); err != nil {
			return r, err
		}
	}
	if err := os.Rename(part.path, h.path); err != nil {
		return r, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	h.clearMark()
	return r, syncFile(filepath.Dir(h.path))
}

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// removeEmpty removes the empty file that hold made.
func removeEmpty(path string) {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		_ = os.Remove(path)
	}
}

func same(a, b string) bool {
	one, err := os.Stat(a)
	other, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(one, other)
}

// readable says what a held store contains, if all of it is sound. Its log is moved into
// its file.
func (h *held) readable(ctx context.Context) (*Contents, error) {
	if err := h.examineLog(); err != nil {
		return nil, err
	}
	db, err := openSound(ctx, h.path)
	if err != nil {
		return nil, err
	}
	c, err := contents(ctx, db)
	return &c, errors.Join(err, db.Close())
}

// keepAside gives a store's files a second, unused name and returns it. The store keeps
// its own name as well until another file takes it, so that a relay never finds nothing
// there and starts with an empty store.
func keepAside(path string) (string, error) {
	aside := path + "-before-" + time.Now().Format("20060102-150405")
	for n := 2; os.Link(path, aside) != nil; n++ {
		if _, err := os.Lstat(aside); err != nil {
			// The file system has no links.
			if err := os.Rename(path, aside); err != nil {
				return "", fmt.Errorf("%w: %w", store.ErrUnavailable, err)
			}
			break
		}
		aside = fmt.Sprintf("%s-before-%s-%d", path, time.Now().Format("20060102-150405"), n)
	}
	for _, suffix := range []string{logSuffix, indexSuffix, journalSuffix} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
	return aside, nil
}

// adjust turns a copy of a backup into the store that continues. Old is the file of the
// store before, or empty when that cannot be read.
func adjust(ctx context.Context, part, old string, repeat bool, r *Restored) (err error) {
	db, err := openPool(part, writing())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if r.Backup, err = contents(ctx, db); err != nil {
		return err
	}
	if old != "" {
		if _, err := db.ExecContext(ctx, "ATTACH ? AS old", old); err != nil {
			return err
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	r.Checkpoints = "backup"
	if old != "" {
		if err := takeOver(ctx, tx, repeat); err != nil {
			return err
		}
	}
	if !repeat {
		if err := holdBack(ctx, tx, old != "", r); err != nil {
			return err
		}
	}
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM deliveries WHERE state = 'waiting'").Scan(&r.Waiting); err != nil {
		return err
	}
	return tx.Commit()
}

// takeOver keeps what a backup must not revert. Numbers, sign-ins and hook URLs stay,
// because a URL that was replaced since may have leaked, and its senders have the new
// one. Lanes that a person paused or resumed since stay that way. The backup's
// checkpoints are kept only where polls repeat from them.
func takeOver(ctx context.Context, tx *sql.Tx, repeat bool) error {
	if _, err := tx.ExecContext(ctx, "CREATE TEMP TABLE polls AS SELECT name, type, poll, checkpoint FROM connectors"); err != nil {
		return err
	}
	for _, table := range []string{"connectors", "tokens", "lanes"} {
		if err := takeTable(ctx, tx, table); err != nil {
			return err
		}
	}
	statements := []string{
		"UPDATE sqlite_sequence SET seq = max(seq, coalesce((SELECT seq FROM old.sqlite_sequence o WHERE o.name = sqlite_sequence.name), 0)) WHERE name IN ('events', 'deliveries')",
		"INSERT INTO sqlite_sequence SELECT name, seq FROM old.sqlite_sequence WHERE name IN ('events', 'deliveries') AND name NOT IN (SELECT name FROM sqlite_sequence)",
	}
	if repeat {
		statements = append(statements, `UPDATE connectors SET (poll, checkpoint) =
			(SELECT poll, checkpoint FROM polls WHERE polls.name = connectors.name AND polls.type = connectors.type)`)
	}
	for _, statement := range append(statements, "DROP TABLE polls") {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// takeTable replaces the backup's rows with the old store's. The old store may have an
// earlier schema, without some columns, or without the table.
func takeTable(ctx context.Context, tx *sql.Tx, table string) error {
	var columns sql.NullString
	err := tx.QueryRowContext(ctx, "SELECT group_concat(name) FROM pragma_table_info(?, 'old')", table).Scan(&columns)
	if err != nil || !columns.Valid {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %[1]s (%[2]s) SELECT %[2]s FROM old.%[1]s", table, columns.String))
	return err
}

// holdBack holds what a backup would post again.
func holdBack(ctx context.Context, tx *sql.Tx, hasOld bool, r *Restored) error {
	const hold = "UPDATE deliveries SET state = 'dead', finished_at = ?, reason = ? WHERE state = 'waiting'"
	still, polls := "", []string{"UPDATE connectors SET checkpoint = NULL, poll = NULL"}
	r.Checkpoints = "now"
	if hasOld {
		r.Checkpoints = "old"
		still = ` AND NOT EXISTS (SELECT 1 FROM old.deliveries o WHERE o.id = deliveries.id AND o.event = deliveries.event
			AND o.channel = deliveries.channel AND o.state = 'waiting')`
		polls = []string{
			// Their events may not be in the backup.
			"INSERT INTO seen (connector, key, event, expires) SELECT connector, key, 0, expires FROM old.seen WHERE true ON CONFLICT DO NOTHING",
		}
	}
	done, err := tx.ExecContext(ctx, hold+still, time.Now().UnixMicro(), heldReason)
	if err != nil {
		return err
	}
	if r.Held, err = done.RowsAffected(); err != nil {
		return err
	}
	for _, statement := range polls {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
