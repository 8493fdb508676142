package sqlite

import (
	"fmt"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// TestTheAuditLogIsBounded sweeps a log that has more entries than may be kept.
func TestTheAuditLogIsBounded(t *testing.T) {
	s := openNew(t)
	const all, most = 1000, 300
	spread(all, func(i int) {
		if err := s.Audit(t.Context(), store.AuditEntry{Time: time.Now(), Who: fmt.Sprint(i)}); err != nil {
			t.Error(err)
		}
	})
	for n := sweepStep; n >= sweepStep; {
		err := s.write(t.Context(), &operation{do: func(w *writer) (err error) {
			n, err = sweepAudit(w, 1, most)
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.AuditLog(t.Context(), store.AuditFilter{Limit: all})
	if err != nil || len(list) != most || list[0].ID != all {
		t.Errorf("%d entries are left, error %v; want the last %d", len(list), err, most)
	}
}
