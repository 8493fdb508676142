package connector

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrorKind is the kind of an error; only it decides what the relay does.
type ErrorKind string

const (
	// KindTemporary means: try again later, with backoff. It is the kind of every error that
	// is not made by one of the functions below.
	KindTemporary ErrorKind = "temporary"
	// KindThrottled means that the source asks for patience, until a time.
	KindThrottled ErrorKind = "throttled"
	// KindUnauthorised means that a person must sign in or change a token.
	KindUnauthorised ErrorKind = "unauthorised"
	// KindGone means that the source says it is gone for good; it is not polled again.
	KindGone ErrorKind = "gone"
	// KindMisconfigured means that a person must change the arguments.
	KindMisconfigured ErrorKind = "misconfigured"
)

// Error is an error of a kind.
type Error struct {
	Kind ErrorKind
	// Until is for KindThrottled: when to come back; zero when the source does
	// not say.
	Until time.Time
	Err   error
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Throttled says that the source wants to be left alone until a time (zero when
// it does not say).
func Throttled(until time.Time, format string, a ...any) error {
	return &Error{Kind: KindThrottled, Until: until, Err: fmt.Errorf(format, a...)}
}

// Unauthorised says that a person must sign in or change a token.
func Unauthorised(format string, a ...any) error {
	return &Error{Kind: KindUnauthorised, Err: fmt.Errorf(format, a...)}
}

// Gone says that the source is gone for good.
func Gone(format string, a ...any) error {
	return &Error{Kind: KindGone, Err: fmt.Errorf(format, a...)}
}

// Misconfigured says that a person must change the arguments.
func Misconfigured(format string, a ...any) error {
	return &Error{Kind: KindMisconfigured, Err: fmt.Errorf(format, a...)}
}

// StatusError gives an answer of a service's API that is no success an error of its
// kind: 410 is gone, 401 and 403 are unauthorised, 429 is throttled, and so is any
// answer with a Retry-After. All else, 404 too, is temporary: services answer so
// for a moment, and a connector that knows better says so itself. The message has
// the status and none of the body.
func StatusError(resp *http.Response) error {
	now := time.Now()
	if wait := RetryAfter(resp.Header, now); wait > 0 {
		return Throttled(now.Add(wait), "the service asks for patience (%d)", resp.StatusCode)
	}
	switch resp.StatusCode {
	case http.StatusGone:
		return Gone("the service says that this is gone for good (410)")
	case http.StatusUnauthorized, http.StatusForbidden:
		return Unauthorised("the service refuses (%d); check the token and what it may read", resp.StatusCode)
	case http.StatusTooManyRequests:
		return Throttled(time.Time{}, "the service asks for patience (429)")
	}
	return fmt.Errorf("the service answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
}

// RetryAfter reads how long an answer's Retry-After asks to wait, in seconds or as
// a date (RFC 9110, section 10.2.3); 0 when it does not say.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(min(n, 365*24*3600)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// KindOf returns the kind of an error, KindTemporary when it has none.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindTemporary
}
