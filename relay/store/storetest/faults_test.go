package storetest_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/memory"
	"github.com/connector-relay/relay/relay/store/storetest"
)

var errFaulty = errors.New("faulty")

// Every method of the contract that can fail can be made to: one that is added to the
// contract must be added to Faults.
func TestFaultsReachEveryMethod(t *testing.T) {
	f := storetest.NewFaults(memory.New())
	for method := range reflect.TypeFor[store.Store]().Methods() {
		if method.Type.NumIn() == 0 || method.Type.In(0) != reflect.TypeFor[context.Context]() {
			continue // Notify, Rendering and Close
		}
		f.Inject(storetest.Fail(errFaulty, method.Name))
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for n := 1; n < method.Type.NumIn(); n++ {
			args = append(args, reflect.Zero(method.Type.In(n)))
		}
		call := reflect.ValueOf(f).MethodByName(method.Name).Call
		if method.Type.IsVariadic() {
			args = args[:len(args)-1]
		}
		answers := call(args)
		if err, _ := reflect.TypeAssert[error](answers[len(answers)-1]); !errors.Is(err, errFaulty) {
			t.Errorf("%s cannot be made to fail: %v", method.Name, err)
		}
	}
}

func TestALostAnswerIsOfSomethingThatWasDone(t *testing.T) {
	f := storetest.NewFaults(memory.New())
	f.Inject(storetest.Lose(errFaulty, "SaveLane"))
	if err := f.SaveLane(t.Context(), delivery.Lane{Channel: "a", Pause: delivery.PausedByOperator}); !errors.Is(err, errFaulty) {
		t.Errorf("the caller heard %v", err)
	}
	if lanes, err := f.Lanes(t.Context()); err != nil || len(lanes) != 1 {
		t.Errorf("the lanes are %v, %v", lanes, err)
	}
}

func TestADelayEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := storetest.NewFaults(memory.New())
		f.Inject(storetest.Delay(time.Minute, "Ping"))
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
