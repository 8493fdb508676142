package sqlite

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
)

// mark is how far a store's log went when the last commit was acknowledged. It is in the
// lock file, after the process's number, and is not synced: after a power loss it may say
// less than what was acknowledged, but never more. A closed store has none.
type mark struct {
	salts salts
	size  int64
	// generation is the file's as the commit left it. A file that has it but no log has
	// taken in all of the log, for example through SQLite's own shell.
	generation uint32
}

// marker writes the marks.
type marker struct {
	held     *held
	pageSize int64
}

func newMarker(h *held) (*marker, error) {
	size, err := pageSizeOf(h.path)
	if err != nil {
		return nil, err
	}
	if h.index, err = os.Open(h.path + indexSuffix); err != nil {
		return nil, unwritable(err)
	}
	return &marker{held: h, pageSize: int64(size)}, nil
}

// write marks where the log ends after a commit, which SQLite keeps in the log's index:
// https://www.sqlite.org/walformat.html#the_wal_index_header. A mark that cannot be
// written does no harm.
func (m *marker) write(generation uint32) {
	var b [40]byte
	if _, err := m.held.index.ReadAt(b[:], 0); err != nil {
		return
	}
	frames := int64(binary.NativeEndian.Uint32(b[16:]))
	now := mark{salts: readSalts(b[32:]), size: logHeader + frames*(frameHeader+m.pageSize), generation: generation}
	_, _ = m.held.lock.WriteAt([]byte(now.String()), markAt)
}

// clearMark removes the mark before the log is removed.
func (h *held) clearMark() { _ = h.lock.Truncate(markAt) }

// markAt is where the mark begins in the lock file, after the process's number.
const markAt = 12

// String implements [fmt.Stringer]. It has the same length for every mark.
func (m mark) String() string {
	return fmt.Sprintf("log %08x %08x %012d %08x\n", m.salts[0], m.salts[1], m.size, m.generation)
}

// readMark returns a lock file's mark, or the zero mark when there is none.
func readMark(lock *os.File) mark {
	b := make([]byte, 64)
	n, _ := lock.ReadAt(b, 0)
	var m mark
	if n > markAt {
		if _, err := fmt.Sscanf(strings.TrimSpace(string(b[markAt:n])), "log %x %x %d %x", &m.salts[0], &m.salts[1], &m.size, &m.generation); err != nil {
			return mark{}
		}
	}
	return m
}
