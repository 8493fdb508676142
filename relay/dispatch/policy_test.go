package dispatch

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWaitsDoubleUpToTheLongest(t *testing.T) {
	const first, longest = time.Second, 15 * time.Minute
	for _, tt := range []struct {
		n          int
		wait, sum  time.Duration
		first, max time.Duration
	}{
		{n: 0, wait: 0, sum: 0},
		{n: 1, wait: time.Second, sum: time.Second},
		{n: 2, wait: 2 * time.Second, sum: 3 * time.Second},
		{n: 10, wait: 512 * time.Second, sum: 1023 * time.Second},
		{n: 11, wait: longest, sum: 1023*time.Second + longest},
		{n: 13, wait: longest, sum: 1023*time.Second + 3*longest},
		{n: 63, wait: longest, sum: 1023*time.Second + 53*longest},
		{n: 1 << 40, wait: longest, sum: math.MaxInt64},
	} {
		if got := step(first, longest, tt.n); got != tt.wait {
			t.Errorf("wait %d is %s, want %s", tt.n, got, tt.wait)
		}
		if got := steps(first, longest, tt.n); got != tt.sum {
			t.Errorf("the first %d waits sum up to %s, want %s", tt.n, got, tt.sum)
		}
	}
}

func TestWaitsKeepWithinTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		any := rapid.Int64Range(1, math.MaxInt64)
		p := Policy{
			First: time.Duration(any.Draw(t, "first")), Longest: time.Duration(any.Draw(t, "longest")),
			GiveUpAfter: time.Duration(any.Draw(t, "give up after")),
		}.withDefaults()
		n := rapid.IntRange(1, 1000).Draw(t, "n")
		a, b := step(p.First, p.Longest, n), step(p.First, p.Longest, n+1)
		if a < p.First || a > b || b > p.Longest {
			t.Fatalf("waits %d and %d are %s and %s", n, n+1, a, b)
		}
		if s := steps(p.First, p.Longest, n); s < 0 || s > steps(p.First, p.Longest, n+1) || s < a {
			t.Fatalf("the first %d waits sum up to %s", n, s)
		}
		chance := rapid.Float64Range(0, math.Nextafter(1, 0)).Draw(t, "chance")
		wait, ok := p.backoff(n, chance)
		if wait < 0 || wait > p.Longest || ok && n == 1 && wait < time.Duration(float64(min(p.First, p.GiveUpAfter))*(1-jitter))-1 {
			t.Fatalf("backoff %d is %s, %v", n, wait, ok)
		}
		if s := p.retryAfter(time.Duration(rapid.Int64().Draw(t, "retry after"))); s < 0 || s > p.Longest {
			t.Fatalf("asked for %s", s)
		}
	})
}

// However the waits turn out, a delivery is given up, but not too early.
func TestADeliveryIsGivenUpWhenItsOwnWaitsHaveUsedTheTime(t *testing.T) {
	for _, tt := range []struct {
		name     string
		policy   Policy
		attempts int
	}{
		{"default", Policy{}, 106},
		{"short", Policy{First: time.Second, Longest: time.Minute, GiveUpAfter: 10 * time.Second}, 5},
		{"shorter than the first wait", Policy{First: time.Minute, GiveUpAfter: time.Second}, 2},
		{"equal waits", Policy{First: time.Second, Longest: time.Second, GiveUpAfter: 5 * time.Second}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.policy.withDefaults()
			var waited time.Duration
			n := 1
			for ; ; n++ {
				wait, ok := p.backoff(n, 0)
				if !ok {
					break
				}
				waited += wait
			}
			if n != tt.attempts || waited != p.GiveUpAfter {
				t.Errorf("given up after %d attempts and %s, want %d and %s", n, waited, tt.attempts, p.GiveUpAfter)
			}
		})
	}
}

func TestAPolicyHasDefaults(t *testing.T) {
	got := Policy{Rate: 45, Longest: 100 * time.Millisecond}.withDefaults()
	want := Policy{
		Rate: 45, Burst: 5, Concurrency: 1, First: 100 * time.Millisecond, Longest: 100 * time.Millisecond,
		GiveUpAfter: 24 * time.Hour, Probe: 5 * time.Minute,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if p := (Policy{Rate: 0.01}).withDefaults(); p.Burst != 1 {
		t.Errorf("a slow lane has a burst of %d, want 1", p.Burst)
	}
}
