package ntfy_test

import (
	"testing"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/ntfy"
)

// TestNtfysAnswers holds every documented answer, and those that people have met.
func TestNtfysAnswers(t *testing.T) {
	chattest.Answers(t, ntfy.System().Forms[0], []chattest.Row{
		{Status: 200, Body: `{"id":"x","event":"message"}`, Want: chattest.Delivered},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 400, Body: `{"code":40017,"http":400,"error":"invalid request: request body must be valid JSON"}`, Want: chattest.Rejected},
		{Status: 400, Body: `{"code":40009,"http":400,"error":"invalid request: topic invalid"}`, Want: chattest.Refused},
		{Status: 401, Body: `{"code":40101,"http":401,"error":"unauthorized"}`, Want: chattest.Refused},
		{Status: 403, Body: `{"code":40301,"http":403,"error":"forbidden"}`, Want: chattest.Refused},
		{Status: 400, Body: `{"code":40014,"http":400,"error":"invalid request: attachments not allowed"}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"code":40010,"http":400,"error":"invalid request: topic name is not allowed"}`, Want: chattest.Refused},
		{Status: 400, Body: `{"code":40018,"http":400,"error":"invalid request: actions invalid, only 3 actions allowed"}`, Want: chattest.Rejected},
		{Status: 400, Body: `{"code":40024,"http":400,"error":"invalid request: request body must be valid JSON"}`, Want: chattest.Rejected},
		{Status: 429, Body: `{"code":42909,"http":429,"error":"limit reached: too many auth failures"}`, Want: chattest.Throttled},
		{Status: 429, Body: chattest.Page, Want: chattest.Throttled},
		{Status: 413, Body: `{"code":41301,"http":413,"error":"attachment too large, or bandwidth limit reached"}`, Want: chattest.Rejected, Large: true},
		{Status: 413, Body: `{"code":41303,"http":413,"error":"JSON body too large"}`, Want: chattest.Rejected, Large: true},
		{Status: 429, Body: `{"code":42901,"http":429,"error":"limit reached: too many requests"}`, Want: chattest.Throttled},
		{Status: 429, Body: `{"code":42908,"http":429,"error":"limit reached: daily message quota reached"}`, Want: chattest.Throttled},
		{Status: 507, Body: `{"code":50701,"http":507,"error":"cannot publish to UnifiedPush topic without previously active subscriber"}`, Want: chattest.Failed},
		{Status: 500, Want: chattest.Failed},
	})
}
