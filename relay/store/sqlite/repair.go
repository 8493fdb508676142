package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
)

// Migrations are append-only: one that has landed is never edited, because stores have it
// already. Two were edited all the same, before a test forbade it (see testdata/landed).
// A repair brings stores from the time in between to what the edited migration makes.

//go:embed repairs/*.sql
var repairs embed.FS

// firstStore is true of stores as they were before the first edit. They have no
// application_id.
const firstStore = `SELECT count(*) = 2 FROM pragma_table_info('events') WHERE name IN ('accepted_at', 'fate')
	AND NOT EXISTS (SELECT 1 FROM pragma_table_info('events') WHERE name = 'first_delivery')`

// repair mends a store that has a migration as it was before it was edited.
func repair(ctx context.Context, db *sql.DB) error {
	for _, r := range []struct{ when, file string }{
		{firstStore, "00001_store.sql"},
		{`SELECT count(*) = 1 FROM pragma_table_info('deliveries') WHERE name = 'digest'
			AND NOT EXISTS (SELECT 1 FROM pragma_table_info('attempts') WHERE name = 'gathered')`, "00003_digests.sql"},
	} {
		if err := repairOnce(ctx, db, r.when, r.file); err != nil {
			return fmt.Errorf("repair what %s left: %w", r.file, err)
		}
	}
	return nil
}

// repairOnce runs one repair, whole or not at all, where its condition holds.
func repairOnce(ctx context.Context, db *sql.DB, when, file string) error {
	needed, err := holds(ctx, db, when)
	if err != nil || !needed {
		return err
	}
	script, err := repairs.ReadFile("repairs/" + file)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	return tx.Commit()
}

// holds runs a query whose answer is true or false.
func holds(ctx context.Context, db *sql.DB, query string) (truth bool, err error) {
	err = db.QueryRowContext(ctx, query).Scan(&truth)
	return truth, err
}
