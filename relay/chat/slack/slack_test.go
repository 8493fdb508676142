package slack_test

import (
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/slack"
)

// TestSlacksAnswers holds every documented answer, and those that people have met.
func TestSlacksAnswers(t *testing.T) {
	chattest.Answers(t, slack.System().Forms[0], []chattest.Row{
		{Status: 200, Body: "ok", Want: chattest.Delivered},
		{Status: 200, Body: "no_service", Want: chattest.Refused},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 400, Body: "invalid_payload", Want: chattest.Rejected},
		{Status: 400, Body: "no_text", Want: chattest.Rejected},
		{Status: 400, Body: "invalid_blocks", Want: chattest.Rejected, Large: true},
		{Status: 400, Body: "invalid_attachments", Want: chattest.Rejected, Large: true},
		{Status: 400, Body: "invalid_blocks_format", Want: chattest.Rejected},
		{Status: 400, Body: "missing_text_or_fallback_or_attachments", Want: chattest.Rejected},
		{Status: 400, Body: "too_many_attachments", Want: chattest.Rejected, Large: true},
		{Status: 400, Body: "msg_blocks_too_long", Want: chattest.Rejected, Large: true},
		{Status: 400, Body: "msg_too_long", Want: chattest.Rejected, Large: true},
		{Status: 400, Body: "user_not_found", Want: chattest.Refused},
		{Status: 403, Body: "action_prohibited", Want: chattest.Refused},
		{Status: 403, Body: "posting_to_general_channel_denied", Want: chattest.Refused},
		{Status: 403, Body: "invalid_token", Want: chattest.Refused},
		{Status: 403, Body: "team_disabled", Want: chattest.Refused},
		{Status: 400, Body: "invalid_token", Want: chattest.Refused},
		{Status: 404, Body: "channel_not_found", Want: chattest.Refused},
		{Status: 404, Body: "no_service", Want: chattest.Refused},
		{Status: 404, Body: "no_active_hooks", Want: chattest.Refused},
		{Status: 404, Body: "no_team", Want: chattest.Refused},
		{Status: 410, Body: "channel_is_archived", Want: chattest.Refused},
		{Status: 429, Body: "rate_limited", Want: chattest.Throttled, Header: chattest.Head("Retry-After", "30"), Wait: 30 * time.Second},
		{Status: 429, Body: "", Want: chattest.Throttled, Header: chattest.Head("Retry-After", "1"), Wait: time.Second},
		{Status: 500, Body: "rollup_error", Want: chattest.Failed},
		{Status: 500, Body: "no_text", Want: chattest.Rejected},
		{Status: 503, Body: chattest.Page, Want: chattest.Failed},
		{Status: 403, Body: "something_new", Want: chattest.Refused},
		{Status: 404, Body: chattest.Page, Want: chattest.Refused},
	})
}
