package dispatch

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/delivery"
)

// endless is a store whose lanes are never empty and whose writes cost nothing, so that
// only dispatch is measured.
type endless struct {
	mu   sync.Mutex
	last int64
	left int
	done chan struct{}
}

func (s *endless) Lanes(context.Context) ([]delivery.Lane, error) { return nil, nil }

func (s *endless) Heads(_ context.Context, channel string, urgent bool, n int) ([]delivery.Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if urgent {
		return nil, nil
	}
	list := make([]delivery.Delivery, n)
	for i := range list {
		s.last++
		list[i] = delivery.Delivery{ID: s.last, Channel: channel, State: delivery.Waiting}
	}
	return list, nil
}

func (s *endless) Turns(ctx context.Context, channel, _ string, _ bool, n int) ([]delivery.Delivery, error) {
	return s.Heads(ctx, channel, false, n)
}

func (s *endless) Waiting(context.Context, string) (all, most int, err error) {
	return 1 << 20, 1 << 19, nil
}

func (s *endless) Record(context.Context, ...delivery.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left--; s.left == 0 {
		close(s.done)
	}
	return nil
}

func (s *endless) SaveLane(context.Context, delivery.Lane) error { return nil }

func (s *endless) MoveChannel(context.Context, string, string) (int, error) { return 0, nil }

type instant struct{}

func (instant) Send(context.Context, delivery.Delivery) delivery.Outcome {
	return delivery.Outcome{Verdict: delivery.VerdictDelivered, Status: 200, Bytes: 2000}
}

func (i instant) Gather(ctx context.Context, list []delivery.Delivery) (delivery.Outcome, int) {
	return i.Send(ctx, list[0]), len(list)
}

// BenchmarkAttempt measures what dispatch costs an attempt, including its log line and
// metrics; 10,000 attempts a second must be a small part of one processor.
func BenchmarkAttempt(b *testing.B) {
	s := &endless{left: b.N, done: make(chan struct{})}
	d := New(Options{Store: s, Log: zerolog.New(io.Discard).With().Timestamp().Logger(), Metrics: prometheus.NewRegistry()})
	var channels []Spec
	for _, name := range []string{"a", "b", "c", "d"} {
		channels = append(channels, Spec{Name: name, Sender: instant{}})
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := d.Apply(b.Context(), channels); err != nil {
		b.Fatal(err)
	}
	<-s.done
	b.StopTimer()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	d.Stop(ctx)
}

// BenchmarkWake measures what each commit costs the store.
func BenchmarkWake(b *testing.B) {
	s := &endless{left: -1}
	d := New(Options{Store: s, Log: zerolog.Nop()})
	names := slices.Repeat([]string{"a"}, 8)
	b.ReportAllocs()
	for b.Loop() {
		d.Wake(names)
	}
	d.Stop(b.Context())
}
