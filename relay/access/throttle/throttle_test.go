package throttle

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestKeysGetABurstAndThenOneAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := New(3, time.Minute)
		for range 3 {
			if wait := limit.Take("ada"); wait != 0 {
				t.Fatalf("within the burst, Ada waits %s", wait)
			}
		}
		for range 1000 { // asking in vain makes it no longer
			if wait := limit.Take("ada"); wait != time.Minute {
				t.Fatalf("after the burst, Ada waits %s", wait)
			}
		}
		if wait := limit.Take("bob"); wait != 0 {
			t.Errorf("Bob waits %s because of Ada", wait)
		}
		time.Sleep(time.Minute)
		if first, second := limit.Take("ada"), limit.Take("ada"); first != 0 || second != time.Minute {
			t.Errorf("after an interval, Ada waits %s and %s", first, second)
		}
		limit.Return("ada")
		if wait := limit.Take("ada"); wait != 0 {
			t.Errorf("with a turn returned, Ada waits %s", wait)
		}
		time.Sleep(time.Hour)
		for range 3 {
			if wait := limit.Take("ada"); wait != 0 {
				t.Errorf("after a rest, Ada waits %s", wait)
			}
		}
	})
}

func TestAFloodOfKeysTakesNoMoreMemoryAndFreesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := New(3, time.Minute)
		for range 3 {
			limit.Take("ada")
		}
		for i := range 5 * mostKeys {
			limit.Take(strconv.Itoa(i))
			if len(limit.free) > mostKeys {
				t.Fatalf("%d keys are remembered", len(limit.free))
			}
		}
		if limit.Take("ada") == 0 {
			t.Error("the flood gave Ada, who is guessed, another turn")
		}
	})
}
