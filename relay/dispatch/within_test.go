package dispatch

import (
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
)

// TestALaneHoldsFewLargeCards: what a lane holds is bounded in bytes, but is always at
// least one delivery.
func TestALaneHoldsFewLargeCards(t *testing.T) {
	list := make([]delivery.Delivery, 8)
	for i := range list {
		list[i].Card = make([]byte, 400<<10)
	}
	for bytes, want := range map[int]int{heldBytes: 2, 0: 1, 8 * 400 << 10: 8} {
		if got := within(list, bytes); len(got) != want {
			t.Errorf("%d bytes hold %d deliveries, want %d", bytes, len(got), want)
		}
	}
	if got := within(nil, 0); len(got) != 0 {
		t.Errorf("an empty list became %d deliveries", len(got))
	}
}
