package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// renderingSuffix names the file of [renderings] beside the store.
const renderingSuffix = "-rendering"

// renderings are the deliveries whose cards are being written now, in a file with eight
// bytes for each. The file is not synced, because what was written to it survives the
// death of the process; so a mark costs a microsecond.
type renderings struct {
	file *os.File

	mu   sync.Mutex
	free []int64 // slots that were used before
	used int64   // slots that ever were
}

// openRenderings opens the file, and returns which deliveries are in it because the
// process that wrote their cards died. It empties the file: one crash too few is better
// than one too many.
func openRenderings(path string) (r *renderings, left []int64, err error) {
	b, err := os.ReadFile(path + renderingSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, unwritable(err)
	}
	f, err := os.OpenFile(path+renderingSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, unwritable(err)
	}
	for ; len(b) >= 8; b = b[8:] {
		if id := binary.LittleEndian.Uint64(b); id != 0 {
			left = append(left, int64(id))
		}
	}
	return &renderings{file: f}, left, nil
}

// Rendering implements [store.Store]. A failure to write the mark does no harm.
func (s *Store) Rendering(deliveries ...int64) (done func()) {
	slots := s.renderings.take(len(deliveries))
	for i, id := range deliveries {
		s.renderings.write(slots[i], id)
	}
	return func() {
		for _, slot := range slots {
			s.renderings.write(slot, 0)
		}
		s.renderings.give(slots)
	}
}

func (r *renderings) take(n int) []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	again := min(n, len(r.free))
	slots := append(make([]int64, 0, n), r.free[len(r.free)-again:]...)
	r.free = r.free[:len(r.free)-again]
	for len(slots) < n {
		slots = append(slots, r.used)
		r.used++
	}
	return slots
}

func (r *renderings) give(slots []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = append(r.free, slots...)
}

func (r *renderings) write(slot, id int64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(id))
	_, _ = r.file.WriteAt(b[:], 8*slot)
}

// Close forgets what is being written, because the process did not die of it.
func (r *renderings) Close() error {
	_ = r.file.Truncate(0)
	return r.file.Close()
}

// countCrashes counts a crash for each of these deliveries, and makes dead letters of
// those over which the relay has died too often. Nobody else has the store yet.
func (s *Store) countCrashes(left []int64, now time.Time) error {
	if len(left) == 0 {
		return nil
	}
	return s.writer.transaction(func() error {
		for _, id := range left {
			if _, err := s.writer.exec("UPDATE deliveries SET crashes = crashes + 1 WHERE id = ? AND state = 'waiting'", id); err != nil {
				return err
			}
			died, err := s.writer.exec("UPDATE deliveries SET state = 'dead', next_at = 0, finished_at = ?, reason = ? WHERE id = ? AND state = 'waiting' AND crashes >= ?",
				micros(now), fmt.Sprintf("the relay died %d times while it wrote this card for its channel; look at it with `relay explain` before you replay it", store.MaxCrashes), id, store.MaxCrashes)
			if err != nil {
				return err
			}
			s.log.Warn().Int64("delivery", id).Bool("dead_letter", died > 0).Msg("the relay died while it wrote this delivery's card")
		}
		return nil
	})
}
