package webhook_test

import (
	"testing"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/webhook"
)

// TestAnApplicationsAnswers holds every documented answer, and those that people have met.
func TestAnApplicationsAnswers(t *testing.T) {
	chattest.Answers(t, webhook.System().Forms[0], []chattest.Row{
		{Status: 200, Body: "anything", Want: chattest.Delivered},
		{Status: 201, Want: chattest.Delivered},
		{Status: 204, Want: chattest.Delivered},
		{Status: 301, Want: chattest.Refused, Detail: "the endpoint redirects to new.example.com"},
		{Status: 307, Want: chattest.Refused, Detail: "not followed"},
		{Status: 400, Body: `{"title":"Bad card","detail":"no text"}`, Want: chattest.Rejected, Detail: "400 Bad Request: Bad card: no text"},
		{Status: 401, Want: chattest.Refused},
		{Status: 405, Want: chattest.Refused},
		{Status: 407, Want: chattest.Refused},
		{Status: 409, Want: chattest.Failed},
		{Status: 410, Want: chattest.Refused},
		{Status: 413, Want: chattest.Rejected, Large: true},
		{Status: 415, Want: chattest.Refused},
		{Status: 418, Want: chattest.Rejected},
		{Status: 422, Body: `{"error":"unprocessable"}`, Want: chattest.Rejected, Detail: "422 Unprocessable Entity: unprocessable"},
		{Status: 425, Want: chattest.Failed},
		{Status: 429, Want: chattest.Throttled},
		{Status: 503, Body: "<!doctype html><p>down", Want: chattest.Failed, Detail: "503 Service Unavailable: a web page"},
		{Status: 999, Want: chattest.Failed},
	})
}
