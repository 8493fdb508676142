package channel

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
)

// TestTheGuardHearsOfWritingOnly: it knows which cards are being written, alone or in a
// digest, and not of the request that follows, in which a relay may well be killed.
func TestTheGuardHearsOfWritingOnly(t *testing.T) {
	var written [][]int64
	writing := false
	r := NewRenderer(func(deliveries ...int64) func() {
		written, writing = append(written, slices.Clone(deliveries)), true
		return func() { writing = false }
	})
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		if writing {
			t.Error("the card is on its way and still being written")
		}
		_, _ = io.WriteString(w, "1")
	}))
	defer server.Close()
	s := spec("office365", server.URL, nil)
	s.Renderer = r
	c, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	one := delivery.Delivery{ID: 7, Card: []byte(`{"title":"one"}`)}
	two := delivery.Delivery{ID: 8, Card: []byte(`{"title":"two"}`)}
	c.Send(t.Context(), one)
	c.Gather(t.Context(), []delivery.Delivery{one, two})
	if want := [][]int64{{7}, {7, 8}}; requests != 2 || !slices.EqualFunc(written, want, slices.Equal[[]int64]) {
		t.Errorf("%d requests; what was written is %v, want %v", requests, written, want)
	}
}
