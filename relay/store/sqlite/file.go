package sqlite

import (
	"database/sql"
	"fmt"
	"net/url"
	"time"

	"modernc.org/sqlite"
)

// readers is how many connections read, besides the one that writes.
const readers = 4

// busyTimeout is how long a connection waits for others.
const busyTimeout = 5 * time.Second

// writing returns the settings of connections that write. The page size matters only when
// the file is made: two cards of 2 kB do not fit a page of 4 kB. The checkpointer decides
// when the write-ahead log starts over.
//
// The driver applies the pragmas first, by name, and what has a key of its own
// after them: the page size would come too late once there is a log.
func writing() url.Values {
	return url.Values{
		"_pragma":       {"page_size(8192)", "wal_autocheckpoint(0)", fmt.Sprintf("journal_size_limit(%d)", keptLog), "cache_size(-32768)", "temp_store(memory)"},
		"_journal_mode": {"wal"},
		"_synchronous":  {"full"},
		"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())},
	}
}

// reading returns the settings of connections that only read. Their caches are small,
// because there are several and what is read often is in memory anyway.
func reading() url.Values {
	return url.Values{
		"_pragma":       {"cache_size(-8192)", "temp_store(memory)"},
		"_query_only":   {"true"},
		"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())},
	}
}

func dsn(path string, settings url.Values) string {
	u := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: settings.Encode()}
	return u.String()
}

// openPool opens a pool of connections.
func openPool(path string, settings url.Values) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn(path, settings))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return sql.OpenDB(c), nil
}
