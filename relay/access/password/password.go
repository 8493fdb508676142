// Package password makes and checks passwords' hashes: argon2id, in the form that the
// argon2 command line and most libraries write and read (PHC).
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"
)

// These are the second recommended option of RFC 9106, section 4: three passes over
// 64 MiB in four lanes.
const (
	passes    = 3
	memoryKiB = 64 << 10
	lanes     = 4
	saltSize  = 16
	keySize   = 32
)

const (
	// shortest is how many characters a new password has at least.
	shortest = 12
	// Longest is how many bytes of a password are looked at, in a request or anywhere else.
	Longest = 1 << 10
)

// Bounds on the hashes that are read, so that one in the configuration is neither quickly
// guessed, nor makes each sign-in take the machine's memory or a minute of its time.
const (
	leastKiB   = 7 << 10 // the least that OWASP lists
	mostKiB    = 256 << 10
	mostWork   = 1 << 20 // KiB times passes
	mostLanes  = 16
	leastBytes = 8
	mostBytes  = 64
)

// Hash is what is kept of a password. The zero value matches none.
type Hash struct {
	passes, memory uint32
	lanes          uint8
	salt, key      []byte
}

// New returns the hash of a new password.
func New(text string) (Hash, error) {
	switch {
	case len([]rune(text)) < shortest:
		return Hash{}, fmt.Errorf("a password has at least %d characters; a few random words make a good one", shortest)
	case len(text) > Longest:
		return Hash{}, fmt.Errorf("a password has at most %d bytes", Longest)
	}
	h := Hash{passes: passes, memory: memoryKiB, lanes: lanes, salt: make([]byte, saltSize)}
	_, _ = rand.Read(h.salt) // never fails; see crypto/rand
	h.key = h.derive(text, keySize)
	return h, nil
}

// Parse reads a hash such as "$argon2id$v=19$m=65536,t=3,p=4$SALT$KEY". Its errors do not
// show the hash.
func Parse(text string) (Hash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return Hash{}, errors.New("it is not an argon2id hash; `relay password` makes one")
	}
	if parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return Hash{}, fmt.Errorf("it is not of version %d of argon2, the only one in use", argon2.Version)
	}
	var h Hash
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); n != 3 || err != nil || parts[3] != h.costs() {
		return Hash{}, errors.New("its costs are not written like m=65536,t=3,p=4")
	}
	switch {
	case h.memory < leastKiB || h.passes < 1 || h.lanes < 1:
		return Hash{}, fmt.Errorf("it is too quickly guessed: it needs m=%d at least; `relay password` makes a better one", leastKiB)
	case h.memory > mostKiB || uint64(h.memory)*uint64(h.passes) > mostWork || h.lanes > mostLanes:
		return Hash{}, fmt.Errorf("it costs too much at each sign-in: m is at most %d, m times t at most %d, and p at most %d", mostKiB, mostWork, mostLanes)
	}
	var err error
	if h.salt, err = decode(parts[4]); err != nil {
		return Hash{}, fmt.Errorf("its salt %w", err)
	}
	if h.key, err = decode(parts[5]); err != nil {
		return Hash{}, fmt.Errorf("its last part %w", err)
	}
	return h, nil
}

func decode(text string) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // the decoder skips line breaks
		return nil, errors.New("is not base64 without padding")
	}
	if len(b) < leastBytes || len(b) > mostBytes {
		return nil, fmt.Errorf("has not %d to %d bytes", leastBytes, mostBytes)
	}
	return b, nil
}

func (h Hash) costs() string { return fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.passes, h.lanes) }

// String is the hash as Parse reads it.
func (h Hash) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, h.costs(), encode(h.salt), encode(h.key))
}

// derive hashes a password. The same characters may have been typed in two ways: "é" as one
// character or as two.
func (h Hash) derive(text string, size int) []byte {
	return argon2.IDKey(norm.NFC.Bytes([]byte(text)), h.salt, h.passes, h.memory, h.lanes, uint32(size))
}

const (
	// mostAtOnce is how many passwords are checked at a time, so that sign-ins take no more
	// than that many times the memory of one.
	mostAtOnce = 2
	// mostWaiting is how many checks wait for their turn.
	mostWaiting = 16
)

// ErrBusy means that too many passwords are being checked.
var ErrBusy = errors.New("too many people are signing in; try again in a few seconds")

// Checker checks passwords, a few at a time.
type Checker struct{ queue, turns *semaphore.Weighted }

// NewChecker returns a checker. A process has one.
func NewChecker() *Checker {
	return &Checker{semaphore.NewWeighted(mostAtOnce + mostWaiting), semaphore.NewWeighted(mostAtOnce)}
}

// Check reports whether a password is the one that was hashed. It takes as long when it is
// not, and as long for a decoy. It fails with [ErrBusy], or when the context ends before
// its turn.
func (c *Checker) Check(ctx context.Context, h Hash, text string) (bool, error) {
	if len(h.key) == 0 || len(text) > Longest {
		return false, nil
	}
	if !c.queue.TryAcquire(1) {
		return false, ErrBusy
	}
	defer c.queue.Release(1)
	if err := c.turns.Acquire(ctx, 1); err != nil {
		return false, fmt.Errorf("wait for a turn to check a password: %w", err)
	}
	defer c.turns.Release(1)
	// What a check takes is garbage at once, but so much of it that the collector would
	// aim at a heap of hundreds of megabytes, and let it grow to that.
	defer runtime.GC()
	return subtle.ConstantTimeCompare(h.derive(text, len(h.key)), h.key) == 1, nil
}

// Decoy returns a hash that matches no password and that costs as much to check as this
// one or, if this is the zero value, as a new one.
func (h Hash) Decoy() Hash {
	if len(h.key) == 0 {
		h = Hash{passes: passes, memory: memoryKiB, lanes: lanes}
	}
	h.salt, h.key = make([]byte, saltSize), make([]byte, keySize)
	_, _ = rand.Read(h.key)
	return h
}
