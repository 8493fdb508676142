package sqlite

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/connector-relay/relay/relay/store"
)

// SQLite reads its write-ahead log up to the first frame that is not whole, and ignores
// what follows: that is how it forgets a commit that a power loss interrupted. It does
// the same when the log was damaged in the middle, whatever was acknowledged since. So
// the log is read here first. Its format is a part of SQLite's file format:
// https://www.sqlite.org/fileformat2.html#walformat
const (
	logHeader   = 32
	frameHeader = 24
)

// salts mark one life of a log, from where it starts over to where it does so again.
// The first of them grows by one each time.
type salts [2]uint32

// logReport is what a log holds.
type logReport struct {
	salts salts
	// size is how many bytes of it are sound, up to the last commit.
	size    int64
	commits int
	// lost counts commits behind the sound part. A power loss may have interrupted the
	// last commit of a log before it was acknowledged; that is not a loss unless
	// something follows it.
	lost int
	// first and last are what the log makes of the file's own header, nil when it
	// does not touch it.
	first, last *fileHeader
}

// fileHeader is what tells a file from its other states and copies.
type fileHeader struct {
	// generation is a number that this program raises when the log starts over.
	generation uint32
	// schema is SQLite's count of the schema's changes; VACUUM raises it, too.
	schema uint32
}

func readFileHeader(page []byte) *fileHeader {
	return &fileHeader{generation: binary.BigEndian.Uint32(page[60:]), schema: binary.BigEndian.Uint32(page[40:])}
}

// readLog reads the log of a store. For an empty or missing one, the report is empty.
func readLog(path string) (*logReport, error) {
	r := &logReport{}
	f, err := os.Open(path + logSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, unwritable(err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	head := make([]byte, logHeader)
	if _, err := io.ReadFull(in, head); err != nil {
		return r, ended(err)
	}
	magic, pageSize := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[8:])
	sum := checksum{order: binary.LittleEndian}
	if magic&1 == 1 {
		sum.order = binary.BigEndian
	}
	sum.add(head[:24])
	sound := magic&^1 == 0x377f0682 && sum.is(head[24:])
	if !sound {
		// Its frames still tell what was lost.
		if pageSize, err = pageSizeOf(path); err != nil {
			return r, err
		}
	} else {
		r.salts = readSalts(head[16:])
	}
	return r, r.readFrames(in, int(pageSize), sound, sum)
}

// readFrames reads a log from its first frame on.
func (r *logReport) readFrames(in io.Reader, pageSize int, sound bool, sum checksum) error {
	headless, committed := !sound, false
	frame := make([]byte, frameHeader+pageSize)
	for n := int64(1); ; n++ {
		if _, err := io.ReadFull(in, frame); err != nil {
			return ended(err)
		}
		if headless && n == 1 {
			r.salts = readSalts(frame[8:])
		}
		ours := readSalts(frame[8:]) == r.salts
		if sound {
			sum.add(frame[:8])
			sum.add(frame[frameHeader:])
			sound = ours && sum.is(frame[16:])
		}
		if !ours {
			continue
		}
		commit := binary.BigEndian.Uint32(frame[4:]) != 0
		switch {
		case sound:
			r.take(frame, n, commit)
		case headless && commit:
			r.lost++
		case !headless:
			if committed { // what follows a commit began after that was acknowledged
				r.lost++
			}
			committed = commit
		}
	}
}

// take records a sound frame, the n-th of the log.
func (r *logReport) take(frame []byte, n int64, commit bool) {
	if commit {
		r.size = logHeader + n*int64(len(frame))
		r.commits++
	}
	if page := binary.BigEndian.Uint32(frame); page == 1 {
		r.last = readFileHeader(frame[frameHeader:])
		if r.first == nil {
			r.first = r.last
		}
	}
}

// ended distinguishes the end of a file from an error.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("%w: read the write-ahead log: %w", store.ErrUnavailable, err)
}

func readSalts(b []byte) salts {
	return salts{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// checksum is the log's running checksum.
type checksum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (c *checksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

func (c *checksum) is(b []byte) bool {
	return c.s0 == binary.BigEndian.Uint32(b) && c.s1 == binary.BigEndian.Uint32(b[4:])
}

// pageSizeOf returns the page size of a store's file, or that of a new one when it cannot
// be read.
func pageSizeOf(path string) (uint32, error) {
	page, err := firstBytes(path)
	if err != nil || page == nil {
		return 8192, err
	}
	if size := binary.BigEndian.Uint16(page[16:]); size > 1 {
		return uint32(size), nil
	}
	return 65536, nil
}

// firstBytes returns SQLite's header of a file, or nil when there is none.
func firstBytes(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unwritable(err)
	}
	defer f.Close()
	b := make([]byte, 100)
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, ended(err)
	}
	return b, nil
}

// trouble says what is wrong with a log, given the store beside it and what the store
// last acknowledged; it returns nil when nothing is.
func (r *logReport) trouble(path string, m mark) error {
	head, err := firstBytes(path)
	if err != nil {
		return err
	}
	moved := r.size == 0 && head != nil && readFileHeader(head).generation == m.generation
	restarted := r.salts != m.salts && r.salts[0]-m.salts[0] < 1<<16
	switch {
	case r.lost > 0:
		return fmt.Errorf("its write-ahead log is damaged behind %d commits, and at least %d that came later cannot be applied", r.commits, r.lost)
	case m.size > 0 && r.size < m.size && !restarted && !moved:
		return fmt.Errorf("its write-ahead log holds %d bytes of the %d that were acknowledged", r.size, m.size)
	case r.commits == 0:
		return nil
	case head == nil:
		return errors.New("its file is missing or empty, and its write-ahead log is there")
	case r.first != nil && !r.belongs(readFileHeader(head)):
		return errors.New("the write-ahead log beside it was written for another state of the file, for example before a backup replaced it")
	}
	return nil
}

// belongs reports whether the log goes with a file. The file's generation is raised
// when the store is opened, in the first commit after that, and before the log is
// moved into the file; so it is the one before the log's first, or, where some of the
// log was moved, one of the log's own. A file that has none gets it in its first
// commit.
func (r *logReport) belongs(file *fileHeader) bool {
	if file.schema > r.last.schema {
		return false // a copy that VACUUM made
	}
	if file.generation == 0 {
		return r.first.generation == 0 || r.commits == 1
	}
	base := r.first.generation - 1
	return file.generation-base <= r.last.generation-base
}
