// Command benchmark measures a whole relay next to a bare Go program that does
// the same two HTTP hops without keeping anything. Both run as processes of their
// own on this machine, in turns, and what counts is the ratio between them.
//
// The load posts cards to N hooks; each hook leads to one channel at the local
// endpoint that this program serves, which checks that every card arrives once
// and in order.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"
)

// options are what a run is made of.
type options struct {
	relay    string
	lanes    int
	posters  int
	rounds   int
	duration time.Duration
	rate     int
	backlog  int
	stuck    int
	pages    bool
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		fail(serveBare(os.Args[2], os.Args[3]))
		return
	}
	var o options
	flag.StringVar(&o.relay, "relay", "", "the relay's executable")
	flag.IntVar(&o.lanes, "lanes", 64, "hooks and channels")
	flag.IntVar(&o.posters, "posters", 64, "concurrent senders")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds; medians are shown")
	flag.DurationVar(&o.duration, "duration", 4*time.Second, "length of one measurement")
	flag.IntVar(&o.rate, "rate", 500, "cards a second when latency is measured")
	flag.IntVar(&o.backlog, "backlog", 0, "also: cards waiting when memory is measured, for example 1000000")
	flag.IntVar(&o.stuck, "stuck", 100_000, "with -backlog: cards in one stuck lane when the others' speed is measured")
	flag.BoolVar(&o.pages, "pages", false, "instead: how long the pages take, and what they weigh, at a thousand connectors")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fail(run(ctx, o, os.Stdout))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

// run measures in rounds: in each one the bare program and then the relay, so
// that the machine's mood touches both alike.
func run(ctx context.Context, o options, w io.Writer) error {
	dir, err := os.MkdirTemp("", "relay-bench")
	if err != nil {
		return fmt.Errorf("make a place for the stores: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if o.pages {
		return measurePages(ctx, o, dir, w)
	}
	var throughput, latency []float64
	fmt.Fprintf(w, "%d lanes, %d posters, %v a measurement; latency at %d cards a second\n\n", o.lanes, o.posters, o.duration, o.rate)
	fmt.Fprintln(w, "round  bare/s  relay/s  ratio   bare p50/p99 ms   relay p50/p99 ms  ratio p99")
	for round := range o.rounds {
		bare, err := measure(ctx, o, startBare)
		if err != nil {
			return fmt.Errorf("bare program: %w", err)
		}
		relay, err := measure(ctx, o, func(ctx context.Context, o options, endpoint string) (*subject, error) {
			return startRelay(ctx, o, endpoint, filepath.Join(dir, fmt.Sprint(round)), "")
		})
		if err != nil {
			return fmt.Errorf("relay: %w", err)
		}
		t, l := relay.perSecond/bare.perSecond, float64(relay.p99)/float64(bare.p99)
		throughput, latency = append(throughput, t), append(latency, l)
		fmt.Fprintf(w, "%5d  %6.0f  %7.0f  %5.2f   %6.2f / %6.2f   %6.2f / %6.2f   %5.2f\n", round+1,
			bare.perSecond, relay.perSecond, t, ms(bare.p50), ms(bare.p99), ms(relay.p50), ms(relay.p99), l)
	}
	fmt.Fprintf(w, "\nmedian ratios, relay to bare: throughput %.2f, p99 latency %.2f\n", median(throughput), median(latency))
	if o.backlog > 0 {
		return measureBacklog(ctx, o, dir, w)
	}
	return nil
}

// result is one program's measurement.
type result struct {
	perSecond float64
	p50, p99  time.Duration
}

// measure starts a program, drives it closed loop for throughput and then at a
// fixed rate for latency.
func measure(ctx context.Context, o options, start func(context.Context, options, string) (*subject, error)) (result, error) {
	end, err := newEndpoint(o.lanes)
	if err != nil {
		return result{}, err
	}
	defer end.close()
	s, err := start(ctx, o, end.url)
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	warm := load{subject: s, end: end, posters: o.posters, duration: o.duration / 4}
	if _, err := warm.closed(ctx); err != nil {
		return result{}, err
	}
	l := load{subject: s, end: end, posters: o.posters, duration: o.duration}
	perSecond, err := l.closed(ctx)
	if err != nil {
		return result{}, err
	}
	latencies, err := l.paced(ctx, o.rate)
	if err != nil {
		return result{}, err
	}
	return result{perSecond: perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99)}, end.problem()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}

func quantile(list []time.Duration, q float64) time.Duration {
	s := slices.Sorted(slices.Values(list))
	return s[min(int(float64(len(s))*q), len(s)-1)]
}
