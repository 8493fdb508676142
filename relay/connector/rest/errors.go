package rest

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// Error is about an answer: one other than a success, or a success that cannot be read.
type Error struct {
	// Status is the answer's.
	Status int
	// Err is what the answer means; [connector.KindOf] returns its kind.
	Err error
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns what the answer means.
func (e *Error) Unwrap() error { return e.Err }

// StatusOf returns the status of the answer that an error concerns: 2xx when the answer
// cannot be read, and 0 when there was none.
func StatusOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return 0
}

// StatusError returns the error of the kind that a status other than a success stands
// for: 410 is gone, 401 and 403 are unauthorised, 429 is throttled, and so is any answer
// with a Retry-After. Every other status is temporary, 404 included, because services
// return them in passing; a connector that knows better says so in [Options]. The error
// names the service and the status and shows nothing of the body.
func StatusError(service string, status int, h http.Header, now time.Time) error {
	if wait := RetryAfter(h, now); wait > 0 {
		return connector.Throttled(now.Add(wait), "%s asks to slow down (%d)", service, status)
	}
	switch status {
	case http.StatusGone:
		return connector.Gone("%s says that this no longer exists (410)", service)
	case http.StatusUnauthorized, http.StatusForbidden:
		return connector.Unauthorised("%s refuses (%d); check the token and what it may read", service, status)
	case http.StatusTooManyRequests:
		until := time.Time{}
		if wait := reset(h, now); wait > 0 {
			until = now.Add(wait)
		}
		return connector.Throttled(until, "%s asks to slow down (429)", service)
	}
	return fmt.Errorf("%s answered %d %s", service, status, http.StatusText(status))
}
