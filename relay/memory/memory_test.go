package memory

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"testing"
)

// TestMain is the process in which a limit is set, too: it says what the limit is.
func TestMain(m *testing.M) {
	if os.Getenv("MEMORY_TEST") == "" {
		os.Exit(m.Run())
	}
	if limit := Limit(1); limit == debug.SetMemoryLimit(-1) {
		fmt.Fprint(os.Stdout, limit>>20)
	}
}

// limit is what a process comes to that may have 4 GB, which the race detector needs.
func limit(t *testing.T, env string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -d %d && exec %q", 4<<20, self))
	cmd.Env = append(os.Environ(), "MEMORY_TEST=1", env)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestTheLimitOfTheProcessIsKept(t *testing.T) {
	got, err := strconv.Atoi(limit(t, ""))
	if err != nil || got < 100 || got > 3686 { // less where the machine has less
		t.Errorf("of 4 GB: %d MB, %v", got, err)
	}
}

func TestWhatTheOperatorSetStays(t *testing.T) {
	if got := limit(t, "GOMEMLIMIT=1GiB"); got != "1024" {
		t.Errorf("with GOMEMLIMIT: %s", got)
	}
}

func TestShare(t *testing.T) {
	of := func(n uint64, err error) func() (uint64, error) { return func() (uint64, error) { return n, err } }
	for name, tt := range map[string]struct {
		of   func() (uint64, error)
		want int64
	}{
		"of a gigabyte":   {of(1000<<20, nil), 450 << 20},
		"without a limit": {of(math.MaxUint64, nil), 0},
		"nobody knows":    {of(0, errors.New("no")), 0},
	} {
		if got := share(tt.of, 2); got>>20 != tt.want>>20 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := smallest(0, 5, 3, 0); got != 3 {
		t.Errorf("the smallest is %d", got)
	}
}
