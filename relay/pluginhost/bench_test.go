package pluginhost

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/connector-relay/relay/relay/event"
)

// BenchmarkReceive is the way of a request to a plugin process and back, with a
// card of the usual size, for one caller and for many.
func BenchmarkReceive(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			h, _ := newHost(b, Options{})
			adopt(b, h, spec(b, "good"))
			src := source("")
			r := Request{
				Method: "POST", Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"curl/8.0"}},
				Body: []byte(`{"text":"` + strings.Repeat("x", 2000) + `"}`), Remote: "192.0.2.1",
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			var wait sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range callers {
				wait.Go(func() {
					for left.Add(-1) >= 0 {
						if _, err := h.Receive(context.Background(), src, r); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			b.ReportMetric(meanGathered(b, h), "requests/call")
		})
	}
}

// BenchmarkPoll is the way of a batch of one event, with its commit.
func BenchmarkPoll(b *testing.B) {
	h, _ := newHost(b, Options{})
	adopt(b, h, spec(b, "good"))
	src := source("")
	src.Arguments = fmt.Appendf(nil, `{"count":%d}`, b.N)
	n := 0
	b.ResetTimer()
	if _, err := h.Poll(context.Background(), src, nil, func(context.Context, event.Batch) error { n++; return nil }); err != nil || n != b.N {
		b.Fatal(n, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "batches/s")
}

// meanGathered is how many requests went in one call.
func meanGathered(b *testing.B, h *Host) float64 {
	b.Helper()
	var m dto.Metric
	if err := h.metrics.gathered.Write(&m); err != nil {
		b.Fatal(err)
	}
	return m.GetHistogram().GetSampleSum() / float64(m.GetHistogram().GetSampleCount())
}
