package connector

import (
	"errors"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/outbound"
)

// ErrorKind is the kind of an error; only it decides what the relay does.
type ErrorKind string

const (
	// KindTemporary means that the relay tries again later, with backoff. It is the kind
	// of every error that is not made by one of the functions below.
	KindTemporary ErrorKind = "temporary"
	// KindThrottled means that the source asks to slow down, until a time.
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
	// Until is when to come back, for KindThrottled; it is zero when the source does not say.
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

// CleanError takes path, query and user out of the URLs that the errors of net/http and
// net/url show: a feed's or a webhook's URL is often a secret.
//
// The relay does this to every error that a connector returns or logs, provided that it
// was wrapped with %w. Use CleanError for errors that go elsewhere.
func CleanError(err error) error { return outbound.CleanError(err) }

// KindOf returns the kind of an error, KindTemporary when it has none.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindTemporary
}
