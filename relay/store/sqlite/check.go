package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

// Contents is what a store or a backup of it holds, in numbers.
type Contents struct {
	Events     int64 `json:"events"`
	Deliveries int64 `json:"deliveries"`
	Waiting    int64 `json:"waiting"`
	Dead       int64 `json:"dead"`
	Connectors int64 `json:"connectors"`
	// LastEvent and LastDelivery are the last numbers given out.
	LastEvent    int64     `json:"last_event"`
	LastDelivery int64     `json:"last_delivery"`
	LastAccepted time.Time `json:"last_accepted"`
}

// Check reads the whole of a store, whether or not a relay runs on it, or the whole of a
// backup. It fails with [store.ErrCorrupt] when something is damaged.
func Check(ctx context.Context, path string) (c Contents, err error) {
	free, err := borrow(path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, free()) }()
	db, err := openSound(ctx, path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return contents(ctx, db)
}

// borrow makes sure that a store may be read: where no relay runs on it, its log must
// be sound, because SQLite may move it into the file. The store is held until free is
// called, so that no relay starts meanwhile.
func borrow(path string) (free func() error, err error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.Size() == 0 {
		return nil, fmt.Errorf("%w: %s is empty", store.ErrCorrupt, path)
	}
	if !hasLog(path) {
		return func() error { return nil }, nil
	}
	h, err := hold(path, zerolog.Nop())
	if errors.Is(err, store.ErrLocked) {
		return func() error { return nil }, nil // the running relay has checked its log
	}
	if err != nil {
		return nil, err
	}
	if err := h.examineLog(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.clearMark()
	return h.Close, nil
}

// hasLog reports whether a store has a log or a lock; backups have neither.
func hasLog(path string) bool {
	for _, suffix := range []string{logSuffix, lockSuffix} {
		if _, err := os.Stat(path + suffix); err == nil {
			return true
		}
	}
	return false
}

// openSound opens a store for reading once all of it has been found sound. Nothing is
// written beside a file that has no log.
func openSound(ctx context.Context, path string) (db *sql.DB, err error) {
	settings := url.Values{"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())}}
	if !hasLog(path) {
		settings.Set("immutable", "1")
	}
	if db, err = openPool(path, settings); err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	fresh, err := identify(ctx, db)
	if err == nil && fresh {
		err = fmt.Errorf("%w: %s is no store", store.ErrCorrupt, path)
	}
	if err == nil {
		err = check(ctx, db, "PRAGMA integrity_check(1)")
	}
	if err != nil {
		return nil, errors.Join(explain(err), db.Close())
	}
	return db, nil
}

// contents counts what a store holds.
func contents(ctx context.Context, db *sql.DB) (c Contents, err error) {
	var accepted int64
	err = db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries),
		(SELECT count(*) FROM deliveries WHERE state = 'waiting'), (SELECT count(*) FROM deliveries WHERE state = 'dead'),
		(SELECT count(*) FROM connectors),
		max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0), coalesce((SELECT max(id) FROM events), 0)),
		max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'), 0), coalesce((SELECT max(id) FROM deliveries), 0)),
		coalesce((SELECT accepted_at FROM events ORDER BY id DESC LIMIT 1), 0)`).
		Scan(&c.Events, &c.Deliveries, &c.Waiting, &c.Dead, &c.Connectors, &c.LastEvent, &c.LastDelivery, &accepted)
	c.LastAccepted = moment(accepted)
	return c, explain(err)
}

// AcceptLoss makes a store whose log is damaged, or belongs to another file, usable again
// with what is left. It keeps the log under the name it returns, which is empty when
// there was no log or nothing was wrong with it.
func AcceptLoss(path string) (aside string, err error) {
	h, err := hold(path, zerolog.Nop())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	r, err := readLog(h.path)
	if err != nil {
		return "", err
	}
	if r.trouble(h.path, readMark(h.lock)) == nil {
		return "", nil
	}
	if aside, err = setAside(h.path + logSuffix); err != nil {
		return "", err
	}
	h.clearMark()
	// The sound part of the log is applied if the log belongs to this file.
	r.lost = 0
	if r.trouble(h.path, mark{}) != nil {
		r.size = 0
	}
	if aside == "" {
		return "", nil
	}
	return aside, os.Truncate(h.path+logSuffix, r.size)
}

// setAside copies a file to a new name beside it and returns that name.
func setAside(path string) (aside string, err error) {
	from, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", unwritable(err)
	}
	defer from.Close()
	aside = path + "-" + time.Now().Format("20060102-150405")
	to, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", unwritable(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return "", fmt.Errorf("%w: keep the log: %w", store.ErrUnavailable, err)
	}
	return aside, nil
}
