package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// TestALandedMigrationIsNeverEdited holds every migration against the checksum it
// landed with: stores have it already, and an edit would not reach them.
func TestALandedMigrationIsNeverEdited(t *testing.T) {
	sums, err := os.ReadFile("testdata/landed/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	landed := make(map[string]string)
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		landed[name] = sum
	}
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, sum := filepath.Base(file), fmt.Sprintf("%x", sha256.Sum256(b))
		switch landed[name] {
		case sum:
		case "":
			t.Errorf("%s is new: add this line to testdata/landed/SHA256SUMS when it lands, and never edit it after that\n%s  %s", name, sum, name)
		default:
			t.Errorf("%s was edited after it had landed; write a new migration instead", name)
		}
		delete(landed, name)
	}
	for name := range landed {
		t.Errorf("%s has landed and is gone", name)
	}
}

// TestStoresOfEverySchemaThatEverLandedOpen opens stores written by relays of that time.
// Each holds the same: three posts for two channels, of which one delivery is done and
// one dead, an event that no route wanted, and a checkpoint.
func TestStoresOfEverySchemaThatEverLandedOpen(t *testing.T) {
	dumps, err := filepath.Glob("testdata/landed/*.sql")
	if err != nil || len(dumps) < 5 {
		t.Fatalf("%d stores, error %v", len(dumps), err)
	}
	fresh := filepath.Join(t.TempDir(), "relay.db")
	fillStore(t, fresh, 0, 0)
	want := schemaOf(t, fresh)
	for _, dump := range dumps {
		t.Run(strings.TrimSuffix(filepath.Base(dump), ".sql"), func(t *testing.T) {
			script, err := os.ReadFile(dump)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "relay.db")
			execSQL(t, path, string(script))
			s := openAt(t, path)
			checkLanded(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			openAt(t, path).Close()
			got := schemaOf(t, path)
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if got[name] != want[name] {
					t.Errorf("%s is %s\nwant %s", name, got[name], want[name])
				}
			}
			if len(got) != len(want) {
				t.Errorf("there are %d tables and indexes, want %d", len(got), len(want))
			}
		})
	}
}

func checkLanded(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	for channel, want := range map[string]string{"a": "post 3", "b": "post 1 post 2 post 3"} {
		list, err := s.Heads(ctx, channel, false, 10)
		var keys []string
		for _, d := range list {
			keys = append(keys, d.Key)
			if d.Connector != "blog" || len(d.Card) == 0 {
				t.Errorf("delivery %d is of %q with a card of %d bytes", d.ID, d.Connector, len(d.Card))
			}
		}
		if got := strings.Join(keys, " "); err != nil || got != want {
			t.Errorf("%s has waiting %q, error %v; want %q", channel, got, err, want)
		}
	}
	c, err := s.OpenConnector(ctx, "blog", "rss")
	if err != nil || string(c.Checkpoint) != "position 3" || len(c.HookToken) != 32 || c.LastEvent.IsZero() {
		t.Errorf("the connector is %+v, error %v", c, err)
	}
	for id, state := range map[int64]delivery.State{1: delivery.Delivered, 3: delivery.Dead} {
		sum, attempts, err := s.Delivery(ctx, id)
		if err != nil || sum.State != state || len(attempts) != 1 || !slices.Equal(attempts[0].Omitted, []string{"a picture"}) {
			t.Errorf("delivery %d is %+v with attempts %+v, error %v", id, sum.Delivery, attempts, err)
		}
	}
	batch := benchBatch("b", "post 2")
	batch.Connector = "blog"
	receipts, err := s.Accept(ctx, batch)
	if err != nil || receipts[0] != (store.Receipt{Event: 2, Seen: true}) {
		t.Errorf("a key that was seen came to %+v, error %v", receipts, err)
	}
	batch.Events[0].Key = "post 4"
	receipts, err = s.Accept(ctx, batch)
	if err != nil || receipts[0].Event != 5 {
		t.Errorf("the next event came to %+v, error %v; want number 5", receipts, err)
	}
}

// schemaOf returns the columns of every table and the definition of every index, by name.
func schemaOf(t *testing.T, path string) map[string]string {
	t.Helper()
	db, err := openPool(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT m.name, group_concat(i.name || ' ' || i.type || ' ' || i."notnull" || ' ' || coalesce(i.dflt_value, '') || ' ' || i.pk || ',' || char(10), '')
		FROM sqlite_master m JOIN pragma_table_info(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name
		UNION SELECT name, coalesce(sql, '') FROM sqlite_master WHERE type = 'index'`)
	schema := make(map[string]string)
	err = each(rows, err, func() error {
		var name, text sql.NullString
		err := rows.Scan(&name, &text)
		schema[name.String] = text.String
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
