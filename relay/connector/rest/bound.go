package rest

import (
	"fmt"
	"io"
	"net/http"
)

// Bound returns a copy of a client that fails to read more than limit bytes of an answer,
// counted after decompression. [New] bounds its own; use it for a library that takes an
// HTTP client.
func Bound(h *http.Client, limit int64) *http.Client {
	bounded := *h
	bounded.Transport = bounds{next: h.Transport, limit: limit}
	return &bounded
}

type bounds struct {
	next  http.RoundTripper
	limit int64
}

// RoundTrip implements [http.RoundTripper].
func (b bounds) RoundTrip(r *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err == nil {
		resp.Body = &body{ReadCloser: resp.Body, limit: b.limit, left: b.limit}
	}
	return resp, err
}

// body fails at the first byte beyond its limit.
type body struct {
	io.ReadCloser
	limit, left int64
}

func (b *body) Read(p []byte) (int, error) {
	// Reading one byte beyond the limit distinguishes a body that ends there from a longer one.
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n, fmt.Errorf("it has more than %d bytes", b.limit)
	}
	return n, err
}
