package systems_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/delivery"
)

// TestACutOffAnswerIsUnknown where it might have said that something failed.
func TestACutOffAnswerIsUnknown(t *testing.T) {
	if got := named("office365").Read(answer.Answer{Status: 200, Body: []byte("Webhook mess")}); got.Verdict != delivery.VerdictUnknown {
		t.Errorf("read as %s", got.Verdict)
	}
	if got := usual("teams").Read(answer.Answer{Status: 202}); got.Verdict != delivery.VerdictUnknown {
		t.Errorf("a 202 that breaks off is read as %s", got.Verdict)
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"":                               0,
		"120":                            2 * time.Minute,
		" 5 ":                            5 * time.Second,
		"0.5":                            500 * time.Millisecond,
		"0":                              0,
		"-3":                             0,
		"NaN":                            0,
		"1e300":                          365 * 24 * time.Hour,
		"soon":                           0,
		"Mon, 23 Nov 2026 12:01:30 GMT":  90 * time.Second,
		"Monday, 23-Nov-26 12:00:10 GMT": 10 * time.Second,
		"Mon, 23 Nov 2026 11:00:00 GMT":  0,
	} {
		a := answer.Answer{Status: 429, Header: http.Header{"Retry-After": {text}}, Complete: true, At: chattest.Noon()}
		for _, typ := range []string{"office365", "teams", "webhook"} {
			if got := usual(typ).Read(a).RetryAfter; got != want {
				t.Errorf("%s reads Retry-After: %q as %s, want %s", typ, text, got, want)
			}
		}
		a.Status = 503
		if got := named("webhook").Read(a).RetryAfter; got != want {
			t.Errorf("with a 503, Retry-After: %q is read as %s, want %s", text, got, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		"1", "", "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x", `{"error":{"code":"MessageSizeExceeded","message":"x"}}`, `{"error":{"error":{"error":"deep"}}}`, "<title>x", "<TİTLE>x</TITLE>", "\xff\x00",
		"ok", "invalid_blocks", `{"success":false,"error":"wait 99999999999999999999 seconds [error-too-many-requests]"}`, `{"code":50035,"errors":{"a":{"_errors":[{"message":"x\n"}]}}}`,
		`{"retry_after":1e400,"code":1}`, `{"retry_after":-1}`, `{"result":"error","code":"RATE_LIMIT_HIT","retry-after":0.5}`, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1e300}`,
		`{"id":"x","code":42908}`, `{"ok":true}`, `{"event_id":"$e"}`, `{"embeds":["0"]}`, `[]`, `null`, `{"errors":{"":{"":{"":{}}}},"code":50035}`,
	} {
		for _, status := range []int{200, 202, 301, 400, 413, 429, 503} {
			f.Add(status, "7", body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, after, body string) {
		for _, f := range forms() {
			for _, complete := range []bool{true, false} {
				h := http.Header{"Retry-After": {after}, "Location": {after}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset-After": {after}}
				checkReading(t, f.Name, answer.Answer{Status: status, Header: h, Body: []byte(body), Complete: complete, At: chattest.Noon()}, f.Read)
			}
		}
	})
}

// checkReading finds what no reading may be, whatever the answer.
func checkReading(t *testing.T, typ string, a answer.Answer, read func(answer.Answer) answer.Reading) {
	t.Helper()
	r := read(a)
	switch r.Verdict {
	case delivery.VerdictDelivered, delivery.VerdictAccepted:
		if !a.OK() {
			t.Fatalf("%s reads status %d as %s", typ, a.Status, r.Verdict)
		}
	case delivery.VerdictThrottled, delivery.VerdictFailed, delivery.VerdictUnknown, delivery.VerdictRejected, delivery.VerdictRefused:
	default:
		t.Fatalf("%s gives the verdict %q", typ, r.Verdict)
	}
	if r.RetryAfter < 0 || r.RetryAfter > 365*24*time.Hour || r.TooLarge && r.Verdict != delivery.VerdictRejected || r.Status != a.Status {
		t.Fatalf("%s reads %+v", typ, r)
	}
}

// TestErrorsSayWhatTheSystemSays, in its own words.
func TestErrorsSayWhatTheSystemSays(t *testing.T) {
	for want, got := range map[string]answer.Reading{
		"404 Not Found: channel_not_found": named("slack").Read(answer.Answer{Status: 404, Body: []byte("channel_not_found"), Header: http.Header{}}),
		"Channel 'x' does not exist":       named("zulip").Read(answer.Answer{Status: 400, Body: []byte(`{"result":"error","msg":"Channel 'x' does not exist","code":"STREAM_DOES_NOT_EXIST"}`), Header: http.Header{}}),
		"M_FORBIDDEN: User not in room":    named("matrix event").Read(answer.Answer{Status: 403, Body: []byte(`{"errcode":"M_FORBIDDEN","error":"User not in room"}`), Header: http.Header{}}),
		"embeds.0.title: Must be 256 or fewer in length.": named("discord").Read(answer.Answer{Status: 400, Header: http.Header{}, Body: []byte(`{"message":"Invalid Form Body","code":50035,` +
			`"errors":{"embeds":{"0":{"title":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 256 or fewer in length."}]}}}}}`)}),
		"add ?thread_id=": named("discord").Read(answer.Answer{Status: 400, Body: []byte(`{"message":"forum","code":220001}`), Header: http.Header{}}),
	} {
		if !strings.Contains(got.Detail, want) {
			t.Errorf("the detail is %q, want %q in it", got.Detail, want)
		}
	}
}
