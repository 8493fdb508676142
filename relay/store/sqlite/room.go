package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"github.com/connector-relay/relay/relay/store"
)

// Limits say when a store takes no more events.
type Limits struct {
	// MinFree is how many bytes of the disk stay free, including what is free inside the
	// file; 0 means a tenth of the disk, at most 128 MB.
	MinFree int64
	// MaxSize is how many bytes the store may hold; 0 means no limit.
	MaxSize int64
}

const (
	mostMinFree  = 128 << 20
	minFreeShare = 10
)

// reserveSize is how much of the disk is reserved for the outcomes of attempts, less on a
// small disk: when another program has filled the disk, what waits still goes out once.
const (
	reserveSize   = 16 << 20
	reserveShare  = 16
	reserveSuffix = "-reserve"
)

// longestTight bounds the log while there is little room.
const longestTight = 1 << 20

// lookEvery is how often the disk is asked. Between two looks a store can grow by
// what the committer writes in that time, which is far less than what stays free.
const lookEvery = 100 * time.Millisecond

// room says whether there is room for more events.
type room struct {
	path   string
	log    zerolog.Logger
	limits atomic.Pointer[Limits]

	mu sync.Mutex
	at time.Time
	// used and free are the bytes in the store's file that hold something and those
	// that do not.
	used, free int64
	err        error
	// tight is what tightLog returns. While it is set, the disk is asked at every commit.
	tight int64
}

func newRoom(path string, l Limits, log zerolog.Logger) *room {
	r := &room{path: path, log: log}
	r.limits.Store(&l)
	return r
}

// Limit changes the limits.
func (s *Store) Limit(l Limits) { s.room.limits.Store(&l) }

// check returns why there is no room for more events, or nil while there is.
func (r *room) check() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// tightLog returns how long the log may be while there is little more room than must stay
// free, and 0 while there is enough. What the log holds needs as much room again in the
// file; once it is there, outcomes are written over the log.
func (r *room) tightLog() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tight
}

// due reports whether it is time to look.
func (r *room) due() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tight > 0 || time.Since(r.at) >= lookEvery
}

// look finds out how much room there is, with what is used and free inside the file.
func (r *room) look(used, free int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.used, r.free = time.Now(), used, free
	err := r.measure()
	if (err == nil) != (r.err == nil) {
		if err != nil {
			r.log.Error().Err(err).Msg("there is no room for more events")
		} else {
			r.log.Info().Msg("there is room for events again")
		}
	}
	r.err = err
}

// measure compares with the limits. The caller holds the lock.
func (r *room) measure() error {
	l := *r.limits.Load()
	if l.MaxSize > 0 && r.used >= l.MaxSize {
		return fmt.Errorf("%w: it holds %s, and disk.max_store is %s; nothing more is accepted until old deliveries are removed (see retention)",
			store.ErrUnavailable, megabytes(r.used), megabytes(l.MaxSize))
	}
	d, err := diskOf(r.path)
	if err != nil {
		return nil //nolint:nilerr // a disk that cannot be asked may still be written
	}
	if l.MinFree == 0 {
		l.MinFree = min(mostMinFree, d.size/minFreeShare)
	}
	r.tight = 0
	if d.free < l.MinFree+longestLog {
		r.tight = min(longestTight, r.reserve(d)/4)
	}
	// What is free inside the file counts, except for a part that the log needs.
	if d.free+r.free < l.MinFree || d.free < l.MinFree/4 {
		return fmt.Errorf("%w: the disk of %s has %s left, and disk.min_free is %s; nothing more is accepted until there is room, what waits is still delivered",
			store.ErrUnavailable, r.path, megabytes(d.free), megabytes(l.MinFree))
	}
	if d.free > l.MinFree+2*r.reserve(d) {
		r.makeReserve(d)
	}
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// disk is a file system, in bytes.
type disk struct{ size, free int64 }

func diskOf(path string) (disk, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &s); err != nil {
		return disk{}, err
	}
	return disk{size: int64(s.Blocks) * int64(s.Bsize), free: int64(s.Bavail) * int64(s.Bsize)}, nil //nolint:unconvert // the types differ between systems
}

func (r *room) reserve(d disk) int64 { return min(reserveSize, d.size/reserveShare) }

// makeReserve reserves a part of the disk with a file of zeros.
func (r *room) makeReserve(d disk) {
	size := r.reserve(d)
	if info, err := os.Lstat(r.path + reserveSuffix); err == nil && info.Size() >= size {
		return
	}
	f, err := os.OpenFile(r.path+reserveSuffix, os.O_WRONLY|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err == nil {
		err = errors.Join(allocate(f, size), f.Close())
	}
	if err != nil {
		r.log.Warn().Err(err).Msg("no room on the disk could be reserved")
	}
}

// giveReserve frees the reserved space.
func (r *room) giveReserve() {
	info, err := os.Lstat(r.path + reserveSuffix)
	if err == nil && info.Size() > 0 && os.Remove(r.path+reserveSuffix) == nil {
		r.log.Warn().Msg("the disk is full; the reserved space is used to record what is delivered")
	}
}

// prepare frees the reserve when a store could not even be opened without it.
func (r *room) prepare() {
	d, err := diskOf(r.path)
	if err == nil && d.free < r.reserve(d)/2 {
		r.giveReserve()
	}
}

// keep makes a reserve for the next start out of the room that the log took until now.
func (r *room) keep() {
	if d, err := diskOf(r.path); err == nil && d.free > r.reserve(d) {
		r.makeReserve(d)
	}
}

// writeZeros makes a file this long, with room on the disk for all of it.
func writeZeros(f *os.File, size int64) error {
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return errors.Join(err, f.Truncate(0))
		}
	}
	return nil
}
