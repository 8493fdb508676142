package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
)

// BenchmarkSend is an attempt on a local endpoint, next to a bare POST of the same
// bytes with a tuned client: what parsing, formatting and judging add.
func BenchmarkSend(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "1")
	}))
	defer s.Close()
	content, err := json.Marshal(card.Card{
		Title: "Build failed", Summary: "Build failed",
		Sections: []card.Section{{Text: string(bytes.Repeat([]byte("word "), 350)), Facts: []card.Fact{{Name: "Branch", Value: "main"}}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("channel", func(b *testing.B) {
		c, err := New(spec("office365", s.URL+workflowPath, nil))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if o := c.Send(context.Background(), delivery.Delivery{Card: content}); o.Verdict != delivery.VerdictDelivered {
					b.Errorf("%+v", o)
				}
			}
		})
	})
	b.Run("bare", func(b *testing.B) {
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024}}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				resp, err := client.Post(s.URL+workflowPath, "application/json", bytes.NewReader(content))
				if err != nil {
					b.Error(err)
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	})
}
