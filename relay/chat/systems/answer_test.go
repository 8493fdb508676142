package systems_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// noon is when the answers of these tests come.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// teamsSays is how an Office 365 connector reports an error of Teams behind it.
func teamsSays(status string) string {
	return "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error " + status +
		" with ContextId tcid=385194272617051900,server=BL2PEPF000001C8,cv=wUmM9kBhpkiOZnT3ZEwhdg.0.."
}

// logicApps is an error as Workflows answer it.
func logicApps(code, text string) string {
	b, err := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": text}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Every answer that is documented, and those that people have met.
func TestAnswersAreReadByStatusHeadersAndBody(t *testing.T) {
	const (
		delivered = delivery.VerdictDelivered
		accepted  = delivery.VerdictAccepted
		throttled = delivery.VerdictThrottled
		failed    = delivery.VerdictFailed
		unknown   = delivery.VerdictUnknown
		rejected  = delivery.VerdictRejected
		refused   = delivery.VerdictRefused
	)
	for _, tt := range []struct {
		typ    string
		status int
		body   string
		want   delivery.Verdict
		large  bool
		detail string
	}{
		{typ: "office365", status: 200, body: "1", want: delivered},
		{typ: "office365", status: 200, body: " 1\r\n", want: delivered},
		{typ: "office365", status: 200, body: teamsSays("400"), want: rejected, detail: "HTTP error 400"},
		{typ: "office365", status: 200, body: teamsSays("401"), want: refused},
		{typ: "office365", status: 200, body: teamsSays("403"), want: refused},
		{typ: "office365", status: 200, body: teamsSays("404"), want: refused},
		{typ: "office365", status: 200, body: teamsSays("408"), want: failed},
		{typ: "office365", status: 200, body: teamsSays("410"), want: refused},
		{typ: "office365", status: 200, body: teamsSays("412"), want: failed},
		{typ: "office365", status: 200, body: teamsSays("413"), want: rejected, large: true},
		{typ: "office365", status: 200, body: teamsSays("429"), want: throttled, detail: "HTTP error 429"},
		{typ: "office365", status: 200, body: teamsSays("500"), want: failed},
		{typ: "office365", status: 200, body: teamsSays("503"), want: failed},
		{typ: "office365", status: 200, body: teamsSays("4290"), want: failed},
		{typ: "office365", status: 200, body: "Webhook message delivery failed with error: A task was canceled.", want: failed},
		{typ: "office365", status: 200, body: "Summary or Text is required.", want: rejected},
		{typ: "office365", status: 200, body: "Bad payload received by generic incoming webhook.", want: rejected},
		{typ: "office365", status: 200, body: "Message size is too large", want: rejected, large: true},
		{typ: "office365", status: 200, body: "", want: refused, detail: "is the channel's type right?"},
		{typ: "office365", status: 200, body: "ok", want: refused, detail: "200 OK: ok"},
		{typ: "office365", status: 200, body: "11", want: refused},
		{typ: "office365", status: 200, body: "<html><head><title>Sign in</title>", want: refused, detail: `a web page titled "Sign in"`},
		{typ: "office365", status: 202, body: "", want: accepted},
		{typ: "office365", status: 400, body: "Summary or Text is required.", want: rejected, detail: "400 Bad Request: Summary or Text is required."},
		{typ: "office365", status: 400, body: "Webhook Bad Request - Request entity too large", want: rejected, large: true},
		{typ: "office365", status: 404, body: "", want: refused, detail: "404 Not Found"},
		{typ: "office365", status: 410, body: "", want: refused},
		{typ: "office365", status: 413, body: "", want: rejected, large: true},
		{typ: "office365", status: 429, body: "", want: throttled},
		{typ: "office365", status: 502, body: "", want: failed},

		{typ: "teams", status: 202, body: "", want: accepted},
		{typ: "teams", status: 200, body: "", want: accepted},
		{typ: "teams", status: 200, body: teamsSays("429"), want: throttled},
		{typ: "teams", status: 400, body: logicApps("InvalidRequestContent", "The request content is not valid."), want: rejected, detail: "400 Bad Request: InvalidRequestContent: The request content is not valid."},
		{typ: "teams", status: 400, body: logicApps("MessageSizeExceeded", "28897 bytes, max 28672"), want: rejected, large: true},
		{typ: "teams", status: 400, body: logicApps("WorkflowTriggerIsNotEnabled", "Could not execute workflow."), want: refused, detail: "the flow is turned off"},
		{typ: "teams", status: 400, body: logicApps("TriggerInputSchemaMismatch", "The input body for trigger 'manual' did not match its schema."), want: refused, detail: "another payload"},
		{typ: "teams", status: 400, body: logicApps("MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."), want: refused, detail: "the URL is not whole"},
		{typ: "teams", status: 401, body: logicApps("DirectApiAuthorizationRequired", "The request must be authenticated only by Shared Access scheme."), want: refused},
		{typ: "teams", status: 403, want: refused},
		{typ: "teams", status: 404, body: logicApps("WorkflowNotFound", "The workflow could not be found."), want: refused},
		{typ: "teams", status: 408, want: failed},
		{typ: "teams", status: 410, want: refused},
		{typ: "teams", status: 413, want: rejected, large: true},
		{typ: "teams", status: 429, body: `{"statusCode": 429, "message": "Rate limit is exceeded."}`, want: throttled, detail: "429 Too Many Requests: Rate limit is exceeded."},
		{typ: "teams", status: 500, want: failed},
		{typ: "teams", status: 502, body: logicApps("NoResponse", "The server did not receive a response."), want: failed},
		{typ: "teams", status: 504, want: failed},

		{typ: "webhook", status: 200, body: "anything", want: delivered},
		{typ: "webhook", status: 201, want: delivered},
		{typ: "webhook", status: 204, want: delivered},
		{typ: "webhook", status: 301, want: refused, detail: "the endpoint redirects to new.example.com"},
		{typ: "webhook", status: 307, want: refused, detail: "not followed"},
		{typ: "webhook", status: 400, body: `{"title":"Bad card","detail":"no text"}`, want: rejected, detail: "400 Bad Request: Bad card: no text"},
		{typ: "webhook", status: 401, want: refused},
		{typ: "webhook", status: 405, want: refused},
		{typ: "webhook", status: 407, want: refused},
		{typ: "webhook", status: 409, want: failed},
		{typ: "webhook", status: 410, want: refused},
		{typ: "webhook", status: 413, want: rejected, large: true},
		{typ: "webhook", status: 415, want: refused},
		{typ: "webhook", status: 418, want: rejected},
		{typ: "webhook", status: 422, body: `{"error":"unprocessable"}`, want: rejected, detail: "422 Unprocessable Entity: unprocessable"},
		{typ: "webhook", status: 425, want: failed},
		{typ: "webhook", status: 429, want: throttled},
		{typ: "webhook", status: 503, body: "<!doctype html><p>down", want: failed, detail: "503 Service Unavailable: a web page"},
		{typ: "webhook", status: 999, want: failed},
	} {
		name := tt.typ + " " + http.StatusText(tt.status) + " " + tt.body[:min(40, len(tt.body))]
		t.Run(name, func(t *testing.T) {
			a := answer.Answer{Status: tt.status, Body: []byte(tt.body), Complete: true, At: noon(), Header: http.Header{"Location": {"https://new.example.com/secret"}}}
			got := usual(tt.typ).Read(a)
			if got.Verdict != tt.want || got.TooLarge != tt.large || got.Status != tt.status {
				t.Errorf("read as %s (too large: %v, status %d), want %s (%v, %d)", got.Verdict, got.TooLarge, got.Status, tt.want, tt.large, tt.status)
			}
			if !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("the detail is %q, want %q in it", got.Detail, tt.detail)
			}
			if good := got.Verdict == delivered || got.Verdict == accepted; good != (got.Detail == "") {
				t.Errorf("the detail of %s is %q", got.Verdict, got.Detail)
			}
		})
	}
	t.Run("an answer that breaks off is unknown", func(t *testing.T) {
		if got := named("office365").Read(answer.Answer{Status: 200, Body: []byte("Webhook mess")}); got.Verdict != unknown {
			t.Errorf("read as %s", got.Verdict)
		}
		if got := usual("teams").Read(answer.Answer{Status: 202}); got.Verdict != unknown {
			t.Errorf("a 202 that breaks off is read as %s", got.Verdict)
		}
	})
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
		a := answer.Answer{Status: 429, Header: http.Header{"Retry-After": {text}}, Complete: true, At: noon()}
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
		"1", "", teamsSays("429"), logicApps("MessageSizeExceeded", "x"), `{"error":{"error":{"error":"deep"}}}`, "<title>x", "<TİTLE>x</TITLE>", "\xff\x00",
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
				checkReading(t, f.Name, answer.Answer{Status: status, Header: h, Body: []byte(body), Complete: complete, At: noon()}, f.Read)
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
