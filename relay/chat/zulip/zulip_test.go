package zulip_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/zulip"
)

func failure(code, message string) string {
	return fmt.Sprintf(`{"result":"error","msg":%q,"code":%q}`, message, code)
}

// TestZulipsAnswers holds every documented answer, and those that people have met.
func TestZulipsAnswers(t *testing.T) {
	chattest.Answers(t, zulip.System().Forms[0], []chattest.Row{
		{Status: 200, Body: `{"result":"success","msg":"","id":42}`, Want: chattest.Delivered},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 400, Body: failure("STREAM_DOES_NOT_EXIST", "Channel 'x' does not exist"), Want: chattest.Refused},
		{Status: 400, Body: failure("BAD_REQUEST", "Message must not be empty"), Want: chattest.Rejected},
		{Status: 400, Body: failure("BAD_REQUEST", "Message too long"), Want: chattest.Rejected, Large: true},
		{Status: 400, Body: failure("BAD_REQUEST", "Not authorized to send to channel 'x'"), Want: chattest.Refused},
		{Status: 400, Body: failure("STREAM_WILDCARD_MENTION_NOT_ALLOWED", "You do not have permission to use channel wildcard mentions in this channel."), Want: chattest.Rejected},
		{Status: 401, Body: failure("INVALID_API_KEY", "Invalid API key"), Want: chattest.Refused},
		{Status: 404, Body: failure("NONEXISTENT_SUBDOMAIN", "Invalid subdomain"), Want: chattest.Refused},
		{Status: 200, Body: failure("UNSUPPORTED_WEBHOOK_EVENT_TYPE", "The event isn't currently supported"), Want: chattest.Refused},
		{Status: 502, Body: chattest.Page, Want: chattest.Failed},
		{Status: 401, Body: failure("UNAUTHORIZED", "Invalid API key"), Want: chattest.Refused},
		{Status: 403, Body: failure("USER_DEACTIVATED", "Account is deactivated"), Want: chattest.Refused},
		{Status: 429, Body: `{"result":"error","code":"RATE_LIMIT_HIT","msg":"API usage exceeded rate limit","retry-after":28.7}`, Want: chattest.Throttled, Wait: 28700 * time.Millisecond},
		{Status: 500, Want: chattest.Failed},
	})
}
