package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// producers is how many callers write at the same time in the benchmarks, and
// benchLanes over how many channels they write.
const (
	producers  = 64
	benchLanes = 1000
)

func openBench(b *testing.B, path string) *Store {
	b.Helper()
	s, err := Open(context.Background(), Options{Path: path, Log: zerolog.Nop()})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// benchBatch returns one event with a card of 2 kB for one channel.
func benchBatch(channel, key string) store.Batch {
	return store.Batch{Connector: "bench", Events: []store.Entry{{
		Event:      event.Event{Key: key, Kind: "test", Time: time.Now(), Card: card.Card{Title: "A card", Text: strings.Repeat("0123456789abcdef", 120)}},
		Fate:       event.Routed,
		Traces:     []event.Trace{{Route: 1, Matched: true, Channels: []string{channel}}},
		Deliveries: []store.Draft{{Channel: channel}},
	}}}
}

// spread runs work for each of n numbers on as many goroutines as there are
// producers.
func spread(n int, work func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range producers {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				work(int(i))
			}
		})
	}
	group.Wait()
}

// report adds the latencies' median and 99th percentile to a benchmark.
func report(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, what+"-p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, what+"-p99-ms")
}

// reportWrites adds what does not depend on the disk: how much was written to the
// write-ahead log for each of n operations, and how many shared a commit.
func reportWrites(b *testing.B, s *Store, n int) {
	pages, err := s.writer.pagesWritten()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(pages)*pageBytes/1024/float64(n), "WAL-KB/op")
	var m dto.Metric
	if err := s.metrics.operations.Write(&m); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(m.GetHistogram().GetSampleSum()/float64(m.GetHistogram().GetSampleCount()), "writes/commit")
}

// BenchmarkAccept measures durable accepts: one event, one delivery each.
func BenchmarkAccept(b *testing.B) {
	for _, keyed := range []bool{false, true} {
		b.Run(fmt.Sprintf("keyed=%t", keyed), func(b *testing.B) {
			s := openBench(b, filepath.Join(b.TempDir(), "relay.db"))
			defer s.Close()
			took := make([]time.Duration, b.N)
			b.ResetTimer()
			spread(b.N, func(i int) {
				key := ""
				if keyed {
					key = fmt.Sprint("key-", i)
				}
				start := time.Now()
				if _, err := s.Accept(context.Background(), benchBatch(fmt.Sprint("channel-", i%benchLanes), key)); err != nil {
					b.Error(err)
				}
				took[i] = time.Since(start)
			})
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			report(b, "accept", took)
			reportWrites(b, s, b.N)
		})
	}
}

// benchLane is one channel's simplest dispatcher: it takes the head, records it as
// delivered, and goes on.
type benchLane struct {
	channel string
	buffer  []delivery.Delivery
	wake    chan struct{}
}

// run delivers until the total is reached.
func (l *benchLane) run(s *Store, left *atomic.Int64, over chan struct{}) error {
	for {
		if len(l.buffer) == 0 {
			list, err := s.Heads(context.Background(), l.channel, false, 8)
			if err != nil {
				return err
			}
			l.buffer = list
		}
		if len(l.buffer) == 0 {
			select {
			case <-l.wake:
				continue
			case <-over:
				return nil
			}
		}
		d := l.buffer[0]
		l.buffer = l.buffer[1:]
		d.State, d.Attempts = delivery.Delivered, 1
		a := delivery.Attempt{Delivery: d.ID, Number: 1, Started: time.Now(), Took: time.Millisecond, Outcome: delivery.Outcome{Verdict: delivery.VerdictDelivered, Status: 200, Bytes: len(d.Card)}}
		if err := s.Record(context.Background(), delivery.Result{Attempt: a, Delivery: d}); err != nil {
			return err
		}
		if left.Add(-1) == 0 {
			close(over)
			return nil
		}
	}
}

// deliverAll starts a lane for each channel and returns a function that waits for them to
// end.
func deliverAll(b *testing.B, s *Store, total int) (wait func()) {
	lanes := make(map[string]*benchLane)
	var left atomic.Int64
	left.Store(int64(total))
	over := make(chan struct{})
	var group sync.WaitGroup
	for i := range benchLanes {
		channel := fmt.Sprint("channel-", i)
		l := &benchLane{channel: channel, wake: make(chan struct{}, 1)}
		lanes[channel] = l
		group.Go(func() {
			if err := l.run(s, &left, over); err != nil {
				b.Error(err)
			}
		})
	}
	s.Notify(func(n store.Notice) {
		for _, c := range n.Accepted {
			if l := lanes[c]; l != nil {
				select {
				case l.wake <- struct{}{}:
				default:
				}
			}
		}
	})
	return group.Wait
}

// BenchmarkCycle measures the whole path through the store: accept, read the head, record
// it as delivered.
func BenchmarkCycle(b *testing.B) {
	s := openBench(b, filepath.Join(b.TempDir(), "relay.db"))
	defer s.Close()
	wait := deliverAll(b, s, b.N)
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	spread(b.N, func(i int) {
		start := time.Now()
		if _, err := s.Accept(context.Background(), benchBatch(fmt.Sprint("channel-", i%benchLanes), "")); err != nil {
			b.Error(err)
		}
		took[i] = time.Since(start)
	})
	wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cycles/s")
	report(b, "accept", took)
	reportWrites(b, s, b.N)
}

// residentMB returns how much memory the process uses, including SQLite's.
func residentMB(b *testing.B) float64 {
	b.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(statm), &size, &resident); err != nil {
		b.Fatal(err)
	}
	return float64(resident*os.Getpagesize()) / (1 << 20)
}

// BenchmarkLog measures the limit that the disk sets: the same cards, appended to a file
// by producers that share an fsync, and nothing else.
func BenchmarkLog(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	type entry struct {
		card []byte
		done chan error
	}
	queue := make(chan entry, producers)
	go func() {
		for e := range queue {
			group := []entry{e}
			for more := true; more; {
				select {
				case e := <-queue:
					group = append(group, e)
				default:
					more = false
				}
			}
			var buffer []byte
			for _, e := range group {
				buffer = append(buffer, e.card...)
			}
			_, err := f.Write(buffer)
			err = errors.Join(err, syscall.Fdatasync(int(f.Fd())))
			for _, e := range group {
				e.done <- err
			}
		}
	}()
	defer close(queue)
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	spread(b.N, func(i int) {
		start := time.Now()
		card, err := benchBatch("a", "").Events[0].Card.MarshalJSON()
		if err != nil {
			b.Error(err)
		}
		done := make(chan error, 1)
		queue <- entry{card, done}
		if err := <-done; err != nil {
			b.Error(err)
		}
		took[i] = time.Since(start)
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	report(b, "accept", took)
}

// BenchmarkBacklog measures opening a store in which 1,000,000 deliveries wait, 100,000
// of them on one channel, and delivering from its other lanes while accepting. The
// backlog is made once; it takes about a minute.
func BenchmarkBacklog(b *testing.B) {
	const waiting, stuck = 1_000_000, 100_000
	path := filepath.Join(b.TempDir(), "relay.db")
	s := openBench(b, path)
	channel := func(i int) string {
		if i < stuck {
			return "stuck"
		}
		return fmt.Sprint("channel-", i%benchLanes)
	}
	spread(waiting/10, func(i int) {
		batch := benchBatch(channel(i*10), "")
		for k := 1; k < 10; k++ {
			batch.Events = append(batch.Events, benchBatch(channel(i*10+k), "").Events...)
		}
		if _, err := s.Accept(context.Background(), batch); err != nil {
			b.Error(err)
		}
	})
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			openBench(b, path).Close()
		}
	})
	b.Run("cycle", func(b *testing.B) {
		s := openBench(b, path)
		defer s.Close()
		wait := deliverAll(b, s, b.N)
		took := make([]time.Duration, b.N)
		b.ResetTimer()
		spread(b.N, func(i int) {
			start := time.Now()
			if _, err := s.Accept(context.Background(), benchBatch(fmt.Sprint("channel-", i%benchLanes), "")); err != nil {
				b.Error(err)
			}
			took[i] = time.Since(start)
		})
		wait()
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cycles/s")
		report(b, "accept", took)
		b.ReportMetric(residentMB(b), "RSS-MB")
		info, err := os.Stat(path + "-wal")
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/(1<<20), "WAL-file-MB")
	})
	b.Run("list of a quiet channel", func(b *testing.B) {
		s := openBench(b, path)
		defer s.Close()
		for b.Loop() {
			if _, err := s.Deliveries(context.Background(), store.Filter{Channel: "quiet"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRendering measures what the guard costs each card.
func BenchmarkRendering(b *testing.B) {
	s := openBench(b, filepath.Join(b.TempDir(), "relay.db"))
	for b.Loop() {
		s.Rendering(1)()
	}
}
