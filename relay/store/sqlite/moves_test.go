package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// movable is how many deliveries the killed moves have to move, which takes several
// steps.
const movable = 5_000

// helpMove moves a channel's deliveries to another and back until it is killed.
func helpMove(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	for from, to := "old", "new"; ; from, to = to, from {
		fmt.Fprintf(os.Stdout, "moves to %s\n", to)
		if _, err := s.MoveChannel(ctx, from, to); err != nil {
			return err
		}
	}
}

// TestAMoveThatIsKilledLosesNothing kills a relay while it moves a lane. Wherever things
// are afterwards, all of them are there, and the next move brings them together in order.
func TestAMoveThatIsKilledLosesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "relay.db")
	fillLane(t, path, "old", movable)
	split := false
	for range kills / 4 {
		c := helper(t, "move", path)
		out := start(t, c)
		var began [3]time.Time
		for i := range began {
			if _, err := out.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			began[i] = time.Now()
		}
		time.Sleep(rand.N(began[2].Sub(began[1]))) // about as long as a move takes
		_ = c.Process.Kill()
		_ = c.Wait()

		s := openAt(t, path)
		apart := len(laneIDs(t, s, "old"))
		split = split || apart > 0 && apart < movable
		lanes, err := s.Lanes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		counted := 0
		for _, l := range lanes {
			counted += l.Waiting
		}
		if counted != movable {
			t.Errorf("the lanes count %d, %d wait: %+v", counted, movable, lanes)
		}
		if _, err := s.MoveChannel(t.Context(), "new", "old"); err != nil {
			t.Fatal(err)
		}
		all := laneIDs(t, s, "old")
		if len(all) != movable || !slices.IsSorted(all) || all[0] != 1 || all[movable-1] != movable {
			t.Fatalf("after the kill %d of %d are there", len(all), movable)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !split {
		t.Error("no kill came in the middle of a move, so nothing is shown")
	}
}

// fillLane makes a store in which this many deliveries wait in a channel.
func fillLane(t testing.TB, path, channel string, n int) {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < n; at += 1000 {
		b := store.Batch{Connector: "c"}
		for range 1000 {
			b.Events = append(b.Events, store.Entry{Event: event.Event{Kind: "test", Card: card.Card{Title: "t"}}, Fate: event.Routed, Deliveries: []store.Draft{{Channel: channel}}})
		}
		if _, err := s.Accept(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func laneIDs(t testing.TB, s *Store, channel string) []int64 {
	t.Helper()
	list, err := s.Heads(t.Context(), channel, false, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	return ids
}

// BenchmarkMoveChannel moves a million deliveries while others accept, and reports
// how long the slowest of those waited.
func BenchmarkMoveChannel(b *testing.B) {
	const deep = 1_000_000
	path := filepath.Join(b.TempDir(), "relay.db")
	fillLane(b, path, "old", deep)
	s, err := Open(b.Context(), Options{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	from, to := "old", "new"
	for b.Loop() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			if n, err := s.MoveChannel(b.Context(), from, to); n < deep || err != nil {
				b.Errorf("moved %d, error %v", n, err)
			}
		}()
		var slowest time.Duration
		for moving := true; moving; {
			select {
			case <-done:
				moving = false
			default:
				start := time.Now()
				if _, err := s.Accept(b.Context(), benchBatch("other", "")); err != nil {
					b.Fatal(err)
				}
				slowest = max(slowest, time.Since(start))
			}
		}
		b.ReportMetric(float64(slowest.Milliseconds()), "ms-slowest-accept")
		from, to = to, from
	}
}
