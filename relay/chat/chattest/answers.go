package chattest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// The verdicts that an answer can come to, by their own names.
const (
	Delivered = delivery.VerdictDelivered
	Accepted  = delivery.VerdictAccepted
	Throttled = delivery.VerdictThrottled
	Failed    = delivery.VerdictFailed
	Rejected  = delivery.VerdictRejected
	Refused   = delivery.VerdictRefused
)

// Page is what a server in between answers.
const Page = "<html><head><title>Bad gateway</title></head></html>"

// Row is one answer, and what it means: a verdict, whether a smaller card may be taken, how
// long to wait, and a part of what is told to the operator.
type Row struct {
	Status int
	Body   string
	Header http.Header
	Want   delivery.Verdict
	Large  bool
	Wait   time.Duration
	Detail string
}

// Head is a header of names and values.
func Head(pairs ...string) http.Header {
	h := make(http.Header)
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// Answers holds a form against answers, and against one that breaks off.
func Answers(t *testing.T, form chat.Form, rows []Row) {
	t.Helper()
	for _, r := range rows {
		t.Run(fmt.Sprintf("%d %.40s", r.Status, r.Body), func(t *testing.T) {
			if r.Header == nil {
				r.Header = http.Header{"Location": {"https://new.example.com/secret"}}
			}
			got := form.Read(answer.Answer{Status: r.Status, Body: []byte(r.Body), Header: r.Header, Complete: true, At: Noon()})
			if got.Verdict != r.Want || got.TooLarge != r.Large || got.RetryAfter != r.Wait || got.Status != r.Status {
				t.Errorf("read as %s (too large: %v, wait %s), want %s (%v, %s)", got.Verdict, got.TooLarge, got.RetryAfter, r.Want, r.Large, r.Wait)
			}
			if !strings.Contains(got.Detail, r.Detail) {
				t.Errorf("the detail is %q, want %q in it", got.Detail, r.Detail)
			}
			if good := got.Verdict == Delivered || got.Verdict == Accepted; good != (got.Detail == "") {
				t.Errorf("the detail of %s is %q", got.Verdict, got.Detail)
			}
		})
	}
	t.Run("an answer that breaks off", func(t *testing.T) {
		got := form.Read(answer.Answer{Status: 200, Body: []byte("<htm"), Header: http.Header{}, At: Noon()})
		switch got.Verdict {
		case delivery.VerdictUnknown, Delivered, Accepted:
		default:
			t.Errorf("read as %s: %s", got.Verdict, got.Detail)
		}
	})
}

// Noon is when the answers come.
func Noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
