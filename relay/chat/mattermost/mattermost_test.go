package mattermost_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/mattermost"
)

func failure(id, message string, status int) string {
	return fmt.Sprintf(`{"id":%q,"message":%q,"detailed_error":"","request_id":"x","status_code":%d}`, id, message, status)
}

// TestMattermostsAnswers holds every documented answer, and those that people have met.
func TestMattermostsAnswers(t *testing.T) {
	chattest.Answers(t, mattermost.System().Forms[0], []chattest.Row{
		{Status: 200, Body: "ok", Want: chattest.Delivered},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 400, Body: failure("web.incoming_webhook.invalid.app_error", "Invalid webhook.", 400), Want: chattest.Refused},
		{Status: 400, Body: failure("web.incoming_webhook.parse.app_error", "Unable to parse incoming data.", 400), Want: chattest.Rejected},
		{Status: 400, Body: failure("web.incoming_webhook.text.app_error", "No text specified.", 400), Want: chattest.Rejected},
		{Status: 400, Body: failure("web.incoming_webhook.split_props_length.app_error", "Unable to split webhook props into 800000 character parts.", 400), Want: chattest.Rejected, Large: true},
		{Status: 400, Body: "Couldn't find the channel", Want: chattest.Refused},
		{Status: 400, Body: failure("", "Couldn't find the channel", 400), Want: chattest.Refused},
		{Status: 404, Body: failure("web.incoming_webhook.channel.app_error", "Couldn't find the channel.", 404), Want: chattest.Refused},
		{Status: 403, Body: failure("web.incoming_webhook.permissions.app_error", "Inappropriate channel permissions.", 403), Want: chattest.Refused},
		{Status: 400, Body: failure("model.incoming_hook.parse_data.app_error", "Unable to parse incoming data.", 400), Want: chattest.Rejected},
		{Status: 400, Body: failure("web.incoming_webhook.user.app_error", "Couldn't find the user.", 400), Want: chattest.Refused},
		{Status: 403, Body: failure("web.incoming_webhook.channel_locked.app_error", "This webhook is not permitted to post to the requested channel.", 403), Want: chattest.Refused},
		{Status: 404, Body: failure("app.channel.get.existing.app_error", "Unable to find the existing channel.", 404), Want: chattest.Refused},
		{Status: 500, Body: failure("web.incoming_webhook.channel.app_error", "Couldn't find the channel.", 500), Want: chattest.Failed},
		{Status: 502, Body: chattest.Page, Want: chattest.Failed},
		{Status: 413, Body: "", Want: chattest.Rejected, Large: true},
		{Status: 429, Body: "limit exceeded", Want: chattest.Throttled, Header: chattest.Head("Retry-After", "2"), Wait: 2 * time.Second},
		{Status: 501, Body: failure("web.incoming_webhook.disabled.app_error", "Incoming webhooks have been disabled by the system admin.", 501), Want: chattest.Refused},
		{Status: 500, Body: failure("app.post.save.app_error", "Unable to save the Post.", 500), Want: chattest.Failed},
	})
}
