package webex_test

import (
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/webex"
)

// TestWebexsAnswers holds every documented answer, and those that people have met.
func TestWebexsAnswers(t *testing.T) {
	chattest.Answers(t, webex.System().Forms[0], []chattest.Row{
		{Status: 204, Want: chattest.Delivered},
		{Status: 200, Want: chattest.Delivered},
		{Status: 400, Body: `{"message":"One or more fields in the request are malformed.","trackingId":"T"}`, Want: chattest.Rejected},
		{Status: 400, Body: `{"message":"Text message is too long","trackingId":"T"}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"message":"Unable to post message to room: Message length limited to 7439 characters before encryption and 10000 characters after encryption.","trackingId":"T"}`, Want: chattest.Rejected, Large: true},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 410, Want: chattest.Refused},
		{Status: 413, Want: chattest.Rejected, Large: true},
		{Status: 428, Want: chattest.Rejected},
		{Status: 401, Want: chattest.Refused},
		{Status: 404, Body: `{"message":"Webhook not found"}`, Want: chattest.Refused},
		{Status: 423, Header: chattest.Head("Retry-After", "5"), Want: chattest.Failed, Wait: 5 * time.Second},
		{Status: 429, Header: chattest.Head("Retry-After", "60"), Want: chattest.Throttled, Wait: time.Minute},
		{Status: 502, Want: chattest.Failed},
	})
}
