package memory

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime/debug"
	"testing"
)

// TestMain is the process in which a limit is set, too: it says what the limit is.
func TestMain(m *testing.M) {
	if os.Getenv("MEMORY_TEST") == "" {
		os.Exit(m.Run())
	}
	limit := Limit(Daemon)
	fmt.Print(limit == debug.SetMemoryLimit(-1), " ", limit>>20)
}

// in runs this process with an environment below an address space of so many KB.
func in(t *testing.T, kilobytes int, env string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -d %d && exec %q", kilobytes, self))
	cmd.Env = append(os.Environ(), "MEMORY_TEST=1", env)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestTheLimitOfTheProcessIsKept(t *testing.T) {
	if got := in(t, 400<<10, ""); got != "true 359" && got != "true 360" {
		t.Errorf("below 400 MB: %s", got)
	}
}

func TestWhatTheOperatorSetStays(t *testing.T) {
	if got := in(t, 400<<10, "GOMEMLIMIT=1GiB"); got != "true 1024" {
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
