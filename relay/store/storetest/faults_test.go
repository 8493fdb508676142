package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store/memory"
)

var errFaulty = errors.New("faulty")

// Every method of the contract that can fail can be made to, by its name: one that is added
// to the contract must be added to Faults.
func TestFaultsReachEveryMethod(t *testing.T) {
	f := NewFaults(memory.New())
	f.Inject(func(_ context.Context, method string, _ func() error) error {
		return fmt.Errorf("%s: %w", method, errFaulty)
	})
	for method, err := range eachMethod(t.Context(), f) {
		if !errors.Is(err, errFaulty) || !strings.HasPrefix(err.Error(), method+":") {
			t.Errorf("%s cannot be made to fail: %v", method, err)
		}
	}
}

func TestALostAnswerIsOfSomethingThatWasDone(t *testing.T) {
	f := NewFaults(memory.New())
	f.Inject(Lose(errFaulty, "SaveLane"))
	if err := f.SaveLane(t.Context(), delivery.Lane{Channel: "a", Pause: delivery.PausedByOperator}); !errors.Is(err, errFaulty) {
		t.Errorf("the caller heard %v", err)
	}
	if lanes, err := f.Lanes(t.Context()); err != nil || len(lanes) != 1 {
		t.Errorf("the lanes are %v, %v", lanes, err)
	}
}

func TestADelayEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFaults(memory.New())
		f.Inject(Delay(time.Minute, "Ping"))
		began := time.Now()
		if err := f.Ping(t.Context()); err != nil || time.Since(began) != time.Minute {
			t.Errorf("it took %s, %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
