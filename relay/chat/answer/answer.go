// Package answer reads what an endpoint answers to a card.
//
// The status alone is not enough: gateways answer 200 with an error in the body, and
// sign-in pages answer 200 with HTML. Reading an answer is a pure function of its status,
// headers and body. Each chat system has one; this package holds what they share: reading
// by status, what a body claims about itself, and whether it is a web page.
package answer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// Answer is an endpoint's answer.
type Answer struct {
	Status int
	Header http.Header
	// Body is the beginning of the body, as far as it is needed.
	Body []byte
	// Complete says that the body was read to its end, or as far as it is needed.
	Complete bool
	// At is when the answer arrived.
	At time.Time
}

// Reading is what an answer means.
type Reading struct {
	delivery.Outcome
	// TooLarge says that a smaller card may be accepted.
	TooLarge bool
}

// Is returns the reading of an answer with this verdict.
func (a Answer) Is(v delivery.Verdict) Reading {
	r := Reading{Outcome: delivery.Outcome{Verdict: v, Status: a.Status}}
	switch v {
	case delivery.VerdictDelivered, delivery.VerdictAccepted:
		return r
	}
	r.Detail = strings.TrimSuffix(fmt.Sprintf("%d %s: %s", a.Status, http.StatusText(a.Status), a.words()), ": ")
	r.RetryAfter = retryAfter(a.Header, a.At)
	return r
}

// Because is like Is, with a sentence for the operator before the endpoint's own words.
func (a Answer) Because(v delivery.Verdict, sentence string) Reading {
	r := a.Is(v)
	r.Detail = sentence + " (" + r.Detail + ")"
	return r
}

// OK reports whether the status claims success.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status <= 299 }

// ByStatus reads an unsuccessful answer by its status: what HTTP says about it (RFC
// 9110), and who has to act.
func (a Answer) ByStatus() Reading {
	switch a.Status {
	case http.StatusTooManyRequests:
		return a.Is(delivery.VerdictThrottled)
	case http.StatusRequestEntityTooLarge:
		r := a.Is(delivery.VerdictRejected)
		r.TooLarge = true
		return r
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		r := a.Is(delivery.VerdictRejected)
		r.TooLarge = a.SaysTooLarge()
		return r
	// Microsoft's own advice is to try again after a 412 from Teams:
	// https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked,
		http.StatusFailedDependency, http.StatusTooEarly, http.StatusMisdirectedRequest:
		return a.Is(delivery.VerdictFailed)
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusProxyAuthRequired, http.StatusGone,
		http.StatusRequestURITooLong, http.StatusUnsupportedMediaType, http.StatusUpgradeRequired,
		http.StatusUnavailableForLegalReasons:
		return a.Is(delivery.VerdictRefused)
	}
	switch {
	case a.Status >= 300 && a.Status <= 399:
		return a.Because(delivery.VerdictRefused, redirected(a.Header.Get("Location")))
	case a.Status >= 400 && a.Status <= 499:
		return a.Is(delivery.VerdictRejected)
	}
	return a.Is(delivery.VerdictFailed)
}

// redirected explains why a 3xx answer is not followed: a redirected POST may lose its
// body, and only the operator decides where a secret URL leads.
func redirected(location string) string {
	where := "elsewhere"
	if u, err := url.Parse(location); err == nil && u.Hostname() != "" {
		where = "to " + u.Hostname()
	}
	return "the endpoint redirects " + where + ", which is not followed; change the channel's url to where it leads"
}

// As reads an answer whose body names a status other than its own.
func (a Answer) As(status int) Reading {
	r := Answer{Status: status, Header: a.Header, Body: a.Body, Complete: true, At: a.At}.ByStatus()
	r.Status = a.Status
	return r
}

// WrongType reads an answer that the channel's chat system would not give: usually a page
// from something else at the same address.
func (a Answer) WrongType(wanted string) Reading {
	if !a.Complete {
		return a.Because(delivery.VerdictUnknown, "the answer broke off")
	}
	return a.Because(delivery.VerdictRefused, "the endpoint does not answer "+wanted+"; is the channel's type right?")
}

// TooLarge is a rejection that a smaller card may avoid.
func (a Answer) TooLarge() Reading {
	r := a.Is(delivery.VerdictRejected)
	r.TooLarge = true
	return r
}

// After adds a wait that the body asks for.
func (r Reading) After(seconds float64) Reading {
	if seconds > 0 {
		r.RetryAfter = time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
	}
	return r
}

// Decode reads a JSON body as far as it is valid.
func (a Answer) Decode(v any) { _ = json.Unmarshal(a.Body, v) }

// Member returns a text in a JSON body; it is empty when there is none with the name.
func (a Answer) Member(name string) string {
	var members map[string]json.RawMessage
	var text string
	a.Decode(&members)
	_ = json.Unmarshal(members[name], &text)
	return text
}
