package rocketchat_test

import (
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/rocketchat"
)

// TestRocketChatsAnswers holds every documented answer, and those that people have met.
func TestRocketChatsAnswers(t *testing.T) {
	chattest.Answers(t, rocketchat.System().Forms[0], []chattest.Row{
		{Status: 200, Body: `{"success":true}`, Want: chattest.Delivered},
		{Status: 200, Body: `{"success":false,"error":"error-room-not-found"}`, Want: chattest.Refused},
		{Status: 200, Body: `{"success":false,"error":"The room was not accepted"}`, Want: chattest.Rejected},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 400, Body: `{"success":false,"error":"Invalid integration id or token provided."}`, Want: chattest.Refused},
		{Status: 400, Body: `{"success":false,"error":"invalid-channel"}`, Want: chattest.Refused},
		{Status: 400, Body: `{"success":false,"error":"[error-message-size-exceeded]"}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"success":false,"error":"unable-to-parse"}`, Want: chattest.Rejected},
		{Status: 400, Body: `{"success":false,"error":"Invalid attachment field, title and value is required"}`, Want: chattest.Rejected},
		{Status: 400, Body: `{"success":false,"error":"Match error: Failed Match.Where validation in field title_link"}`, Want: chattest.Rejected},
		{Status: 400, Body: `{"success":false,"error":"Not enough permission"}`, Want: chattest.Refused},
		{Status: 401, Body: `{"status":"error","message":"You must be logged in to do this."}`, Want: chattest.Refused},
		{Status: 503, Body: `{"success":false,"error":"Service Unavailable"}`, Want: chattest.Refused},
		{Status: 429, Body: chattest.Page, Want: chattest.Throttled},
		{Status: 429, Body: `{"success":false,"error":"Error, too many requests. Please slow down. You must wait 42 seconds before trying this endpoint again. [error-too-many-requests]"}`, Want: chattest.Throttled, Wait: 42 * time.Second},
		{Status: 503, Body: chattest.Page, Want: chattest.Failed},
	})
}
