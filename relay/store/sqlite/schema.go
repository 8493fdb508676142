package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"

	"github.com/pressly/goose/v3"

	"github.com/connector-relay/relay/relay/store"
)

// applicationID marks the file as a store. The first migration writes it.
const applicationID = 1380729177

// wholeCheck is up to how many bytes a store is checked whole when it is opened. Of a
// larger one, only the small tables and the edges of the large ones are checked, so that
// opening does not take longer as the store grows.
const wholeCheck = 16 << 20

//go:embed migrations/*.sql
var migrations embed.FS

// prepareFile finds out whether the file is a sound store, and brings its schema up to
// date. It runs before anything else has the file open. Fresh says that the store was
// only just made.
func prepareFile(ctx context.Context, path string) (fresh bool, err error) {
	db, err := openPool(path, writing())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if fresh, err = identify(ctx, db); err != nil {
		return false, err
	}
	if !fresh {
		if err := examine(ctx, db, path); err != nil {
			return false, err
		}
	}
	if err := migrate(ctx, db); err != nil {
		return false, err
	}
	return fresh, raiseGeneration(ctx, db)
}

// raiseGeneration gives the file a generation that none of its copies has, before a log
// begins that belongs to it alone; see [logReport.belongs].
func raiseGeneration(ctx context.Context, db *sql.DB) error {
	var generation int32
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&generation); err != nil {
		return err
	}
	if generation == 0 {
		generation = rand.Int32()
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", generation+1)); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// identify distinguishes an empty file, a store and another program's database.
func identify(ctx context.Context, db *sql.DB) (fresh bool, err error) {
	var id, tables int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return false, err
	}
	// A relay that was killed while it made the store may have left the migrations'
	// own table behind.
	const others = "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '%goose_db_version%'"
	if err := db.QueryRowContext(ctx, others).Scan(&tables); err != nil {
		return false, err
	}
	first, err := holds(ctx, db, firstStore)
	if err != nil {
		return false, err
	}
	switch {
	case id == applicationID, first:
		return false, nil
	case id == 0 && tables == 0:
		return true, nil
	default:
		return false, fmt.Errorf("%w: the file is another program's database; name another file", store.ErrCorrupt)
	}
}

// examine looks for damage.
func examine(ctx context.Context, db *sql.DB, path string) error {
	var busy, log, moved, pages, pageSize int64
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").Scan(&pages, &pageSize); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if want := pages * pageSize; info.Size() < want {
		return fmt.Errorf("%w: the file has %d bytes where it should have %d; restore a backup", store.ErrCorrupt, info.Size(), want)
	}
	if info.Size() <= wholeCheck {
		return check(ctx, db, "PRAGMA quick_check(1)")
	}
	for _, table := range []string{"connectors", "lanes", "goose_db_version"} {
		if err := check(ctx, db, "PRAGMA quick_check('"+table+"')"); err != nil {
			return err
		}
	}
	for _, edge := range []string{
		"events ORDER BY id", "deliveries ORDER BY id", "attempts ORDER BY delivery, seq", "seen ORDER BY connector, key",
		"deliveries INDEXED BY deliveries_lane WHERE state = 'waiting' ORDER BY channel",
	} {
		for _, direction := range []string{"", " DESC"} {
			var n int
			if err := db.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT * FROM "+edge+direction+" LIMIT 100)").Scan(&n); err != nil {
				return err
			}
		}
	}
	return nil
}

// check runs one of SQLite's own checks.
func check(ctx context.Context, db *sql.DB, pragma string) error {
	var found string
	if err := db.QueryRowContext(ctx, pragma).Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s; restore a backup, or move the file away to start with an empty store", store.ErrCorrupt, found)
	}
	return nil
}

// migrate brings the schema to this version's.
func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	// Migrations are numbered before they land, so that one may land after a later
	// one that a store already has.
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	at, newest, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if at > newest {
		return fmt.Errorf("%w: its schema is version %d and this relay knows %d; run the newer relay, or restore a backup", store.ErrTooNew, at, newest)
	}
	if err := repair(ctx, db); err != nil {
		return err
	}
	if pending, err := p.HasPending(ctx); err != nil || !pending {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
