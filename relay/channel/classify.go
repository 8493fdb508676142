package channel

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/delivery"
)

// classifyStatus reads an answer by its status alone, the way RFC 9110 means it.
func classifyStatus(status int, header http.Header, body []byte) delivery.Outcome {
	o := delivery.Outcome{Detail: excerpt(body), RetryAfter: retryAfter(header, time.Now())}
	if o.Detail == "" {
		o.Detail = http.StatusText(status)
	}
	switch {
	case status >= 200 && status < 300:
		o.Verdict = delivery.VerdictDelivered
	case status == http.StatusTooManyRequests:
		o.Verdict = delivery.VerdictThrottled
	case status == http.StatusRequestTimeout || status >= 500:
		o.Verdict = delivery.VerdictFailed
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusGone, status == http.StatusMethodNotAllowed:
		o.Verdict = delivery.VerdictRefused
	case status >= 300 && status < 400:
		o.Verdict, o.Detail = delivery.VerdictRefused, "the endpoint redirects elsewhere; set url to the address it names"
	default:
		o.Verdict = delivery.VerdictRejected
	}
	return o
}

// wrappedError is how the Office 365 connectors told of Teams' own errors, inside
// of a 200 (https://github.com/MicrosoftDocs/msteams-docs/issues/1810).
func wrappedError(body string) (status int, found bool) {
	m := regexp.MustCompile(`returned HTTP error (\d{3})`).FindStringSubmatch(body)
	if m == nil {
		return 0, false
	}
	status, err := strconv.Atoi(m[1])
	return status, err == nil
}

// classifyOffice365 reads the answers of an Office 365 connector: success is a
// 200 whose body is the single character 1; all else in a 200 is an error.
func classifyOffice365(status int, header http.Header, body []byte) delivery.Outcome {
	text := strings.TrimSpace(string(body))
	if status != http.StatusOK {
		return classifyStatus(status, header, body)
	}
	if text == "1" {
		return delivery.Outcome{Verdict: delivery.VerdictDelivered}
	}
	inner, found := wrappedError(text)
	if !found {
		return delivery.Outcome{Verdict: delivery.VerdictFailed, Detail: "answered 200, but not with 1: " + excerpt(body)}
	}
	o := classifyStatus(inner, header, body)
	if o.Verdict == delivery.VerdictRefused || o.Verdict == delivery.VerdictDelivered {
		// Behind a wrapped 4xx nobody can tell a bad card from a dead channel, so
		// only this card is given up.
		o.Verdict = delivery.VerdictRejected
	}
	return o
}

// classifyWorkflow reads the answers of a Power Automate flow: 202 means that the
// flow was started, not that it posted.
func classifyWorkflow(status int, header http.Header, body []byte) delivery.Outcome {
	o := classifyStatus(status, header, body)
	if o.Verdict == delivery.VerdictDelivered {
		return delivery.Outcome{Verdict: delivery.VerdictAccepted}
	}
	return o
}

// classifyWebhook reads the answers of an application of one's own, as Standard
// Webhooks advises: any 2xx is success, 410 ends the subscription.
func classifyWebhook(status int, header http.Header, body []byte) delivery.Outcome {
	o := classifyStatus(status, header, body)
	if o.Verdict == delivery.VerdictDelivered {
		o.Detail = ""
	}
	return o
}

// maxExcerpt is how much of an answer is worth keeping, in bytes.
const maxExcerpt = 300

// excerpt makes one line of an answer.
func excerpt(body []byte) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "")), " ")
	if len(s) <= maxExcerpt {
		return s
	}
	cut := maxExcerpt
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// retryAfter reads Retry-After, in seconds or as a date (RFC 9110, 10.2.3).
func retryAfter(header http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(v, 64); err == nil && seconds > 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
