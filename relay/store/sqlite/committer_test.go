package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// together queues operations while the committer is held up, so that one group has them
// all, and returns the result of each.
func together(t *testing.T, s *Store, ops ...*operation) []error {
	t.Helper()
	held, let := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		err := s.write(t.Context(), &operation{do: func(*writer) error { close(held); <-let; return nil }})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	errs := make([]error, len(ops))
	for i, op := range ops {
		group.Go(func() { errs[i] = s.write(t.Context(), op) })
	}
	for queued := 0; queued < len(ops); {
		s.queue.mu.Lock()
		queued = len(s.queue.writes) + len(s.queue.records)
		s.queue.mu.Unlock()
		time.Sleep(time.Millisecond)
	}
	close(let)
	group.Wait()
	return errs
}

func commits(t *testing.T, s *Store) uint64 {
	t.Helper()
	var m dto.Metric
	if err := s.metrics.operations.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetHistogram().GetSampleCount()
}

func TestABadOperationFailsAlone(t *testing.T) {
	s := openNew(t)
	errBad := errors.New("bad")
	good := func(n int) *operation {
		return &operation{do: func(w *writer) error {
			_, err := w.exec("INSERT INTO lanes (channel, pause, reason, since, next_at) VALUES (?,'','',0,0)", fmt.Sprint(n))
			return err
		}}
	}
	half := &operation{do: func(w *writer) error {
		if err := good(100).do(w); err != nil {
			return err
		}
		w.event += 1000
		return errBad
	}}
	twice := &operation{do: func(w *writer) error { return errors.Join(good(101).do(w), good(101).do(w)) }}
	unknown := &operation{do: func(w *writer) error { _, err := w.exec("INSERT INTO nowhere VALUES (1)"); return err }}
	before := commits(t, s)
	errs := together(t, s, good(1), half, good(2), twice, good(3), unknown, good(4))
	for i, want := range []bool{false, true, false, true, false, true, false} {
		if got := errs[i] != nil; got != want {
			t.Errorf("operation %d: error %v, want one: %t", i, errs[i], want)
		}
	}
	if !errors.Is(errs[1], errBad) {
		t.Errorf("got %v, want its own error", errs[1])
	}
	if n := commits(t, s) - before; n != 2 {
		t.Errorf("%d commits, want one for what held them up and one for all", n)
	}
	got := keys(t, s, "SELECT channel FROM lanes ORDER BY channel")
	if want := []string{"1", "2", "3", "4"}; !slices.Equal(got, want) {
		t.Errorf("stored are %v, want %v", got, want)
	}
	receipts, err := s.Accept(t.Context(), benchBatch("a", ""))
	if err != nil || receipts[0].Event != 1 {
		t.Errorf("the first event: %v, error %v; want number 1 in spite of what was rolled back", receipts, err)
	}
}

// A commit takes a bounded number of events, whoever writes them, and callers who write
// few do not wait for all of those who write many.
func TestHostileBatchesShareTheCommitter(t *testing.T) {
	s := openNew(t)
	var mu sync.Mutex
	var order []string
	ops := make([]*operation, 0, 40)
	for i := range cap(ops) {
		name, rows := "large", maxRows/3
		if i%4 == 3 {
			name, rows = "small", 1
		}
		ops = append(ops, &operation{rows: rows, do: func(*writer) error {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
			return nil
		}})
	}
	before := commits(t, s)
	for i, err := range together(t, s, ops...) {
		if err != nil {
			t.Errorf("operation %d: %v", i, err)
		}
	}
	// There are 30 large ones, of which three fit in a commit, and one that held them up;
	// there are more where small ones come between them.
	if n := commits(t, s) - before; n < 11 || n > 16 {
		t.Errorf("%d commits", n)
	}
	if len(order) != len(ops) {
		t.Errorf("%d of %d operations ran", len(order), len(ops))
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	s := openNew(t)
	limit := func(pages int) {
		t.Helper()
		err := s.write(t.Context(), &operation{do: func(w *writer) error {
			_, err := w.row(fmt.Sprint("PRAGMA max_page_count = ", pages))
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit(120)
	var mu sync.Mutex
	acknowledged, refused := make(map[string]bool), 0
	spread(600, func(i int) {
		key := fmt.Sprint(i)
		_, err := s.Accept(t.Context(), benchBatch("a", key))
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			acknowledged[key] = true
		case errors.Is(err, store.ErrUnavailable):
			refused++
		default:
			t.Errorf("got %v, want %v", err, store.ErrUnavailable)
		}
	})
	if len(acknowledged) == 0 || refused == 0 {
		t.Fatalf("%d stored and %d refused, want some of both", len(acknowledged), refused)
	}
	check := func() {
		t.Helper()
		list, err := s.Heads(t.Context(), "a", false, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if !acknowledged[d.Key] {
				t.Errorf("event %s was refused and is there", d.Key)
			}
		}
		if len(list) != len(acknowledged) || s.lanes.counts()["a"].waiting != len(list) {
			t.Errorf("%d deliveries, %d counted, want %d", len(list), s.lanes.counts()["a"].waiting, len(acknowledged))
		}
	}
	check()
	limit(100000)
	for i := range 600 {
		receipts, err := s.Accept(t.Context(), benchBatch("a", fmt.Sprint(i)))
		if err != nil || receipts[0].Seen != acknowledged[fmt.Sprint(i)] {
			t.Fatalf("event %d again, with room: %v, error %v", i, receipts, err)
		}
		acknowledged[fmt.Sprint(i)] = true
	}
	check()
}

func TestGroupsAreBounded(t *testing.T) {
	fill := func(writes, records, bytes int) *queue {
		q := newQueue()
		for range writes {
			q.add(&operation{bytes: bytes})
		}
		for range records {
			q.add(&operation{record: true})
		}
		return q
	}
	tests := []struct {
		name                   string
		writes, records, bytes int
		wantWrites, wantRecord int
	}{
		{"few", 3, 2, 100, 3, 2},
		{"a backlog drains beside few writes", 10, 5000, 100, 10, 256},
		{"a backlog drains beside many writes", 5000, 5000, 100, 256, 256},
		{"many writes alone", 5000, 0, 100, 512, 0},
		{"large writes", 10, 10, 1 << 20, 2, 10},
		{"a write that is too large by itself", 3, 0, 5 << 20, 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			q := fill(test.writes, test.records, test.bytes)
			writes, records := 0, 0
			for _, op := range q.take(nil) {
				if op.record {
					records++
				} else {
					writes++
				}
			}
			if writes != test.wantWrites || records != test.wantRecord {
				t.Errorf("%d writes and %d records, want %d and %d", writes, records, test.wantWrites, test.wantRecord)
			}
			if left := len(q.writes) + len(q.records); left != test.writes+test.records-writes-records {
				t.Errorf("%d are left", left)
			}
		})
	}
}

func TestCloseCommitsWhatWaits(t *testing.T) {
	s := openNew(t)
	var closing sync.WaitGroup
	do := func(w *writer) error { _, err := w.exec("INSERT INTO health VALUES (1, 1)"); return err }
	first := &operation{do: func(*writer) error {
		closing.Go(func() { _ = s.Close() })
		for !s.queue.isClosed() {
			time.Sleep(time.Millisecond)
		}
		return nil
	}}
	for i, err := range together(t, s, first, &operation{do: do}) {
		if err != nil {
			t.Errorf("operation %d: %v", i, err)
		}
	}
	closing.Wait()
}

func TestTheStoreRegistersItsMetrics(t *testing.T) {
	r := prometheus.NewRegistry()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "relay.db"), Metrics: r})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Accept(t.Context(), benchBatch("a", "")); err != nil {
		t.Fatal(err)
	}
	families, err := r.Gather()
	if err != nil || len(families) != 4 {
		t.Errorf("%d metrics, error %v; want 4", len(families), err)
	}
}

// waitingIn makes a lane's delivery with a card of this size.
func waitingIn(channel string, id int64, card []byte) delivery.Delivery {
	return delivery.Delivery{ID: id, Channel: channel, State: delivery.Waiting, Card: card}
}

func TestCardsInMemoryAreBounded(t *testing.T) {
	card := make([]byte, 1<<20)
	l := newLanes()
	id := int64(0)
	add := func(channel string) delivery.Delivery {
		id++
		d := waitingIn(channel, id, card)
		l.add(d)
		return d
	}
	for i := range 200 {
		add(fmt.Sprint("stuck ", i))
	}
	if l.bytes > cacheBytes {
		t.Errorf("%d bytes are in memory, want at most %d", l.bytes, cacheBytes)
	}
	for range 300 {
		d := add("moves")
		if list, _, ok := l.heads("moves", false, 1); !ok || list[0].ID != d.ID {
			t.Fatalf("the head of a lane that keeps up is not in memory: %v", list)
		}
		d.State = delivery.Delivered
		l.update(d)
	}
	for range 10000 {
		add("deep")
	}
	if n := len(l.all["deep"].front); n > cacheDepth {
		t.Errorf("%d of a deep lane are in memory, want at most %d", n, cacheDepth)
	}
	if l.all["deep"].waiting != 10000 {
		t.Errorf("%d wait in the deep lane, want 10000", l.all["deep"].waiting)
	}
	bytes, cards := 0, 0
	for _, n := range l.all {
		cards += len(n.front)
		for _, d := range n.front {
			bytes += size(d)
		}
		if (len(n.front) > 0) != (n.place != nil) {
			t.Error("a lane with cards in memory is not on the list, or one without is")
		}
	}
	if bytes != l.bytes || cards != l.cards {
		t.Errorf("%d bytes in %d cards are in memory, counted are %d in %d", bytes, cards, l.bytes, l.cards)
	}
}
