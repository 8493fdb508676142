package relay

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/secret"
)

// TestALogThatNobodyReadsHoldsNobodyUp: whoever logs goes on, memory stays bounded, and
// when the log is read again it says what it lacks.
func TestALogThatNobodyReadsHoldsNobodyUp(t *testing.T) {
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w := newLogWriter(out, &secret.Masker{})
	log := zerolog.New(w)
	const lines = 20_000
	for n := range lines {
		log.Info().Int("n", n).Msg(strings.Repeat("x", 200))
	}
	w.mu.Lock()
	if w.size > logBacklog {
		t.Errorf("%d bytes wait", w.size)
	}
	dropped := w.total
	w.mu.Unlock()
	if dropped == 0 || dropped >= lines {
		t.Fatalf("%d lines of %d were dropped", dropped, lines)
	}
	go func() {
		w.close()
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
	if p := w.problem(); p != "" {
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
	w := newLogWriter(out, &secret.Masker{})
	log := zerolog.New(w)
	log.Info().Msg("first")
	soon(t, "the line is lost", func() bool { return strings.Contains(w.problem(), "broken pipe; 1 lines are lost so far") })
	close(out.well)
	log.Info().Msg("second")
	w.close()
	if got := out.lines.String(); !strings.Contains(got, `"lines":1`) || !strings.Contains(got, "second") || w.problem() != "" {
		t.Errorf("it wrote %s, and its problem is %q", got, w.problem())
	}
}
