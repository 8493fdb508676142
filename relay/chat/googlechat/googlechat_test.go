package googlechat_test

import (
	"fmt"
	"testing"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/googlechat"
)

func failure(code int, status, message string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":%q}}`, code, message, status)
}

// TestGoogleChatsAnswers holds every documented answer, and those that people have met.
func TestGoogleChatsAnswers(t *testing.T) {
	chattest.Answers(t, googlechat.System().Forms[0], []chattest.Row{
		{Status: 200, Body: `{"name":"spaces/S/messages/M"}`, Want: chattest.Delivered},
		{Status: 400, Body: failure(400, "INVALID_ARGUMENT", "Invalid JSON payload received."), Want: chattest.Rejected},
		{Status: 400, Body: failure(400, "INVALID_ARGUMENT", "Message is too long."), Want: chattest.Rejected, Large: true},
		{Status: 400, Body: failure(400, "INVALID_ARGUMENT", "Message is longer than 4096 characters"), Want: chattest.Rejected, Large: true},
		{Status: 400, Body: failure(400, "INVALID_ARGUMENT", "Maximum length of the field is 4096. Field: apps.dynamite.CreateMessageInfo.text_body"), Want: chattest.Rejected, Large: true},
		{Status: 400, Body: failure(400, "FAILED_PRECONDITION", "Precondition check failed."), Want: chattest.Refused},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 404, Body: chattest.Page, Want: chattest.Refused},
		{Status: 429, Body: chattest.Page, Want: chattest.Throttled},
		{Status: 400, Body: failure(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), Want: chattest.Refused},
		{Status: 401, Body: failure(401, "UNAUTHENTICATED", "Request is missing required authentication credential."), Want: chattest.Refused},
		{Status: 403, Body: failure(403, "PERMISSION_DENIED", "Permission denied to perform the requested action on the specified resource"), Want: chattest.Refused},
		{Status: 404, Body: failure(404, "NOT_FOUND", "Requested entity was not found."), Want: chattest.Refused},
		{Status: 429, Body: failure(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), Want: chattest.Throttled},
		{Status: 500, Body: failure(500, "INTERNAL", "Internal error encountered."), Want: chattest.Failed},
		{Status: 503, Body: failure(503, "UNAVAILABLE", "The service is currently unavailable."), Want: chattest.Failed},
	})
}
