package channel

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/connector-relay/relay/relay/chat/answer"
)

// readMost is how much of an answer is read: more than any chat system has to say,
// also those that answer with the card itself, every "<" as six bytes. It is read to
// its end so that the connection can be used again.
const readMost = 512 << 10

// poster makes POSTs. It uses the transport without a client around it: a client
// would follow redirects, and wrap errors in one that prints the URL.
type poster struct {
	transport http.RoundTripper
	timeout   time.Duration
	userAgent string
}

// transportError is a POST that got no answer.
type transportError struct {
	err error
	// written says that the endpoint may have got the whole request.
	written bool
	// timedOut says that the time of the POST was up.
	timedOut bool
}

func (e *transportError) Error() string { return e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// post sends a body, by POST or PUT, and reads the answer. The error is a *transportError.
func (p poster) post(ctx context.Context, method string, to *url.URL, header http.Header, body []byte) (answer.Answer, error) {
	var sent progress
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, sent.trace()), method, "", bytes.NewReader(body))
	if err != nil {
		return answer.Answer{}, &transportError{err: err}
	}
	req.URL, req.Header = to, header
	header.Set("User-Agent", p.userAgent)
	if user := to.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	resp, err := p.transport.RoundTrip(req)
	if err != nil {
		return answer.Answer{}, &transportError{err: err, written: sent.mayHaveArrived(err), timedOut: ctx.Err() == context.DeadlineExceeded}
	}
	defer resp.Body.Close()
	a := answer.Answer{Status: resp.StatusCode, Header: resp.Header, At: time.Now()}
	// A body that breaks off is the reader's to judge: often the status is enough.
	a.Body, err = io.ReadAll(io.LimitReader(resp.Body, readMost))
	a.Complete = err == nil
	a.Body = answer.InUTF8(a.Body, a.Header.Get("Content-Type"))
	return a, nil
}

// progress follows how far a request has got.
type progress struct{ stage atomic.Int32 }

// The stages of a request on its connection.
const (
	waiting int32 = iota
	writing
	written
	broken
)

// trace returns the hooks; they run on the transport's goroutines, and begin again
// when the transport takes another connection.
func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { p.stage.Store(waiting) },
		WroteHeaders: func() { p.stage.Store(writing) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err != nil {
				p.stage.Store(broken)
			} else {
				p.stage.Store(written)
			}
		},
	}
}

// mayHaveArrived reports whether the endpoint may have got the whole request. A
// request that broke while it was written has not arrived. One that is still
// being written may have, for all the relay can see. Under TLS 1.3 a request can be
// under way before the endpoint has looked at the client certificate.
func (p *progress) mayHaveArrived(err error) bool {
	stage := p.stage.Load()
	return (stage == written || stage == writing) && !closedIdle(err) && !refusesCertificate(err)
}
