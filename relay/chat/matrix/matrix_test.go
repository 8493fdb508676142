package matrix_test

import (
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/matrix"
)

// TestHookshotsAnswers holds every documented answer, and those that people have met.
func TestHookshotsAnswers(t *testing.T) {
	chattest.Answers(t, matrix.System().Forms[0], []chattest.Row{
		{Status: 202, Body: `{"ok":true}`, Want: chattest.Accepted},
		{Status: 200, Body: `{"ok":true}`, Want: chattest.Delivered},
		{Status: 200, Body: "OK", Want: chattest.Accepted},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 200, Body: `{"ok":false,"error":"Failed to process webhook"}`, Want: chattest.Failed},
		{Status: 400, Body: `{"ok":false,"error":"Invalid body"}`, Want: chattest.Rejected},
		{Status: 404, Body: `{"ok":false,"error":"This hook has expired"}`, Want: chattest.Refused},
		{Status: 413, Body: `{"errcode":"M_UNKNOWN","error":"request entity too large"}`, Want: chattest.Rejected, Large: true},
		{Status: 500, Body: `{"ok":false,"error":"Failed to process webhook"}`, Want: chattest.Failed},
		{Status: 404, Body: `{"ok":false,"error":"Webhook not found"}`, Want: chattest.Refused},
		{Status: 429, Want: chattest.Throttled},
		{Status: 500, Body: `{"ok":false}`, Want: chattest.Failed},
	})
}

// TestMatrixsAnswers holds every documented answer, and those that people have met.
func TestMatrixsAnswers(t *testing.T) {
	chattest.Answers(t, matrix.System().Forms[1], []chattest.Row{
		{Status: 200, Body: `{"event_id":"$e"}`, Want: chattest.Delivered},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 400, Body: `{"errcode":"M_BAD_JSON","error":"x"}`, Want: chattest.Rejected},
		{Status: 401, Body: `{"errcode":"M_UNKNOWN_TOKEN","error":"x","soft_logout":false}`, Want: chattest.Refused},
		{Status: 401, Body: `{"errcode":"M_MISSING_TOKEN","error":"x"}`, Want: chattest.Refused},
		{Status: 403, Body: `{"errcode":"M_FORBIDDEN","error":"User not in room"}`, Want: chattest.Refused},
		{Status: 404, Body: `{"errcode":"M_UNRECOGNIZED","error":"x"}`, Want: chattest.Refused},
		{Status: 403, Body: `{"errcode":"M_USER_SUSPENDED","error":"x"}`, Want: chattest.Refused},
		{Status: 404, Body: `{"errcode":"M_NOT_FOUND","error":"Unknown room"}`, Want: chattest.Refused},
		{Status: 404, Body: chattest.Page, Want: chattest.Refused},
		{Status: 429, Body: `{"errcode":"M_LIMIT_EXCEEDED","error":"x"}`, Header: chattest.Head("Retry-After", "3"), Want: chattest.Throttled, Wait: 3 * time.Second},
		{Status: 502, Body: chattest.Page, Want: chattest.Failed},
		{Status: 413, Body: `{"errcode":"M_TOO_LARGE","error":"event too large"}`, Want: chattest.Rejected, Large: true},
		{Status: 429, Body: `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":2500}`, Want: chattest.Throttled, Wait: 2500 * time.Millisecond},
		{Status: 500, Body: `{"errcode":"M_UNKNOWN","error":"x"}`, Want: chattest.Failed},
	})
}
