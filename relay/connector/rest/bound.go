package rest

import (
	"fmt"
	"io"
	"net/http"
)

// Bound returns a client like another one, whose answers are an error once they have
// more than so many bytes, after decompression. [New] does so by itself; it is for other
// packages' clients.
func Bound(h *http.Client, most int64) *http.Client {
	bounded := *h
	bounded.Transport = bounds{next: h.Transport, most: most}
	return &bounded
}

type bounds struct {
	next http.RoundTripper
	most int64
}

// RoundTrip implements [http.RoundTripper].
func (b bounds) RoundTrip(r *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err == nil {
		resp.Body = &body{ReadCloser: resp.Body, most: b.most, left: b.most}
	}
	return resp, err
}

// body fails when there is more of it than may be.
type body struct {
	io.ReadCloser
	most, left int64
}

func (b *body) Read(p []byte) (int, error) {
	// One byte more than may be tells whether there is more.
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n, fmt.Errorf("it has more than %d bytes", b.most)
	}
	return n, err
}
