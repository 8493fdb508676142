package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

const (
	// kills is how often the crash test kills the writer.
	kills = 20
	// crashConnectors is how many connectors accept at the same time, each for a channel
	// of its own and all for a shared one.
	crashConnectors = 6
)

// crashBatch returns a connector's n-th batch: one to three events, and a checkpoint that
// says n.
func crashBatch(connector string, n int) store.Batch {
	b := store.Batch{Connector: connector, Checkpoint: event.Checkpoint(strconv.Itoa(n))}
	for i := range n%3 + 1 {
		e := event.Event{Key: fmt.Sprintf("%d.%d", n, i), Kind: "test", Card: card.Card{Title: connector, Text: strings.Repeat("x", n%3000)}}
		b.Events = append(b.Events, store.Entry{Event: e, Fate: event.Routed, Deliveries: []store.Draft{{Channel: connector}, {Channel: "common"}}})
	}
	return b
}

// helpWrite accepts and records as fast as it can, and prints a line for each
// write that was acknowledged, until it is killed.
func helpWrite(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	last := make(map[string]event.Checkpoint)
	for i := range crashConnectors {
		c, err := s.OpenConnector(ctx, fmt.Sprint("c", i), "test")
		if err != nil {
			return err
		}
		last[c.Name] = c.Checkpoint
	}
	failed := make(chan error)
	for name, checkpoint := range last {
		last, _ := strconv.Atoi(string(checkpoint)) // none is 0
		go func() {
			for n := last + 1; ; n++ {
				if _, err := s.Accept(ctx, crashBatch(name, n)); err != nil {
					failed <- err
				}
				fmt.Fprintf(os.Stdout, "accepted %s %d\n", name, n)
			}
		}()
		go func() { failed <- crashDeliver(ctx, s, name) }()
	}
	return <-failed
}

// crashDeliver records the heads of a lane as delivered, alternating between single ones
// and digests.
func crashDeliver(ctx context.Context, s *Store, channel string) error {
	for size := 1; ; size = 9 - size {
		list, err := s.Heads(ctx, channel, false, 8)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(list, size) {
			results := make([]delivery.Result, len(part))
			for i, d := range part {
				d.State, d.Attempts, d.Digest = delivery.Delivered, 1, part[0].ID
				results[i] = delivery.Result{Delivery: d, Attempt: delivery.Attempt{
					Delivery: d.ID, Number: 1, Started: time.Now(), Gathered: len(part), Outcome: delivery.Outcome{Verdict: delivery.VerdictDelivered},
				}}
			}
			if err := s.Record(ctx, results...); err != nil {
				return err
			}
			for _, d := range part {
				fmt.Fprintf(os.Stdout, "recorded %d\n", d.ID)
			}
		}
	}
}

// TestNothingAcknowledgedIsLost kills a writer with SIGKILL at random moments and
// looks at the store it leaves.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "relay.db")
	accepted, recorded := make(map[string]int), make(map[int64]bool)
	for kill := range kills {
		killWriter(t, path, accepted, recorded)
		if kill%3 == 0 {
			tear(t, path+"-wal")
		}
		s := openAt(t, path)
		checkBatches(t, s, accepted)
		checkRecords(t, s, recorded)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("after kill %d", kill+1)
		}
	}
	if len(accepted) < crashConnectors || len(recorded) < kills {
		t.Errorf("only %d connectors and %d outcomes were acknowledged, so nothing is shown", len(accepted), len(recorded))
	}
}

// killWriter runs a writer for a moment and adds what it acknowledged to what must be
// there.
func killWriter(t *testing.T, path string, accepted map[string]int, recorded map[int64]bool) {
	t.Helper()
	c := helper(t, "write", path)
	out := start(t, c)
	said := 0
	for most := 1 + rand.IntN(200); ; said++ {
		line, err := out.ReadString('\n')
		if err != nil {
			break // a line that was cut off was not said
		}
		if said == most {
			time.AfterFunc(time.Duration(rand.Int64N(int64(5*time.Millisecond))), func() { _ = c.Process.Kill() })
		}
		words := strings.Fields(line)
		n, err := strconv.Atoi(words[len(words)-1])
		if err != nil {
			t.Fatalf("the writer said %q", line)
		}
		if words[0] == "accepted" {
			accepted[words[1]] = n
		} else {
			recorded[int64(n)] = true
		}
	}
	if said == 0 {
		t.Fatal("the writer ended before it had written anything")
	}
	if err := c.Wait(); err == nil || c.ProcessState.Exited() {
		t.Fatalf("the writer ended by itself: %v", c.ProcessState)
	}
}

// tear appends what is left by a write that was interrupted by a power loss.
func tear(t *testing.T, wal string) {
	t.Helper()
	f, err := os.OpenFile(wal, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(strings.Repeat("torn", 1+rand.IntN(5000))); err != nil {
		t.Fatal(err)
	}
}

// checkBatches checks that each connector's batches are there, whole and in order, up to
// its checkpoint and no further.
func checkBatches(t *testing.T, s *Store, accepted map[string]int) {
	t.Helper()
	list, err := s.Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		last, _ := strconv.Atoi(string(c.Checkpoint)) // none is 0
		if last < accepted[c.Name] {
			t.Errorf("%s: batch %d was acknowledged, the checkpoint is %d", c.Name, accepted[c.Name], last)
		}
		accepted[c.Name] = last
		var want []string
		for n := 1; n <= last; n++ {
			for _, e := range crashBatch(c.Name, n).Events {
				want = append(want, e.Key)
			}
		}
		for _, channel := range []string{c.Name, "common"} {
			got := keys(t, s, "SELECT e.key FROM deliveries d JOIN events e ON e.id = d.event WHERE e.connector = ? AND d.channel = ? ORDER BY d.id", c.Name, channel)
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: channel %s has %d deliveries, want the %d of %d batches in order", c.Name, channel, len(got), len(want), last)
			}
		}
		seen := keys(t, s, "SELECT key FROM seen WHERE connector = ?", c.Name)
		if len(seen) != len(want) {
			t.Errorf("%s: %d keys are known, want %d", c.Name, len(seen), len(want))
		}
	}
}

// keys returns the first column.
func keys(t *testing.T, s *Store, query string, args ...any) []string {
	t.Helper()
	rows, err := s.reader.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		list = append(list, key)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// checkRecords checks that every acknowledged outcome is there, and that an attempt
// always comes with its delivery's state.
func checkRecords(t *testing.T, s *Store, recorded map[int64]bool) {
	t.Helper()
	delivered := make(map[string]bool)
	for _, id := range keys(t, s, "SELECT id FROM deliveries WHERE state = 'delivered'") {
		delivered[id] = true
	}
	for id := range recorded {
		if !delivered[strconv.FormatInt(id, 10)] {
			t.Errorf("delivery %d was acknowledged as delivered and is not", id)
		}
	}
	attempted := keys(t, s, "SELECT delivery FROM attempts")
	if len(attempted) != len(delivered) {
		t.Errorf("%d attempts for %d delivered", len(attempted), len(delivered))
	}
	torn := keys(t, s, `SELECT d.digest FROM deliveries d JOIN attempts a ON a.delivery = d.id WHERE d.digest != 0
		GROUP BY d.digest HAVING count(*) != max(a.gathered)`)
	if len(torn) > 0 {
		t.Errorf("of the digests %v only a part was recorded", torn)
	}
	waiting := keys(t, s, "SELECT id FROM deliveries WHERE state = 'waiting'")
	lanes, err := s.Lanes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, l := range lanes {
		counted += l.Waiting
	}
	if counted != len(waiting) {
		t.Errorf("the lanes count %d, %d wait", counted, len(waiting))
	}
}
