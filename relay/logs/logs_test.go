package logs

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestALogThatNobodyReadsHoldsNobodyUp: whoever logs goes on, memory stays bounded, and
// when the log is read again it says what it lacks.
func TestALogThatNobodyReadsHoldsNobodyUp(t *testing.T) {
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l := New(out, strings.Clone)
	const lines = 20_000
	for n := range lines {
		l.Info().Int("n", n).Msg(strings.Repeat("x", 200))
	}
	l.mu.Lock()
	if l.size > backlog {
		t.Errorf("%d bytes wait", l.size)
	}
	dropped := l.total
	l.mu.Unlock()
	if dropped == 0 || dropped >= lines {
		t.Fatalf("%d lines of %d were dropped", dropped, lines)
	}
	go func() {
		l.Close()
		out.Close()
	}()
	read, told := 0, 0
	for s := bufio.NewScanner(r); s.Scan(); {
		if strings.Contains(s.Text(), "lines were dropped") {
			told++
		} else {
			read++
		}
	}
	if read+dropped != lines || told == 0 {
		t.Errorf("%d lines were read and %d dropped, which was told %d times; there were %d", read, dropped, told, lines)
	}
	if p := l.Problem(); p != "" {
		t.Errorf("afterwards there is still a problem: %s", p)
	}
}

// failing is a writer that fails until it is mended.
type failing struct {
	well  chan struct{}
	lines strings.Builder
}

func (f *failing) Write(b []byte) (int, error) {
	select {
	case <-f.well:
		return f.lines.Write(b)
	default:
		return 0, errors.New("broken pipe")
	}
}

func TestALogThatCannotBeWrittenIsAProblemUntilItCan(t *testing.T) {
	out := &failing{well: make(chan struct{})}
	l := New(out, strings.Clone)
	l.Info().Msg("first")
	for deadline := time.Now().Add(time.Minute); !strings.Contains(l.Problem(), "broken pipe; 1 lines have been lost so far"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the line is not lost: %q", l.Problem())
		}
	}
	close(out.well)
	l.Info().Msg("second")
	l.Close()
	if got := out.lines.String(); !strings.Contains(got, `"lines":1`) || !strings.Contains(got, "second") || l.Problem() != "" {
		t.Errorf("it wrote %s, and its problem is %q", got, l.Problem())
	}
}

// TestTheLevelBelongsToOneLog: the loggers that a log has given out follow its level,
// and those of another log keep theirs.
func TestTheLevelBelongsToOneLog(t *testing.T) {
	var one, other strings.Builder
	l, o := New(&one, strings.Clone), New(&other, strings.Clone)
	part, othersPart := l.Part("a"), o.Part("a").With().Str("plugin", "b").Logger()
	say := func(text string) {
		for _, log := range []zerolog.Logger{part, othersPart} {
			log.Debug().Msg(text)
			log.WithLevel(zerolog.DebugLevel).Msg(text + ", as a plugin says it")
		}
	}
	say("before")
	l.SetLevel(zerolog.DebugLevel)
	say("between")
	l.SetLevel(zerolog.WarnLevel)
	say("after")
	part.Warn().Msg("warned")
	l.Close()
	o.Close()
	if got := one.String(); strings.Count(got, "\n") != 3 || strings.Count(got, "between") != 2 || !strings.Contains(got, "warned") {
		t.Errorf("the log says:\n%s", got)
	}
	if got := other.String(); got != "" {
		t.Errorf("the other log says:\n%s", got)
	}
}
