package slack

import (
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of an incoming webhook: "ok", or a word that says what
// is wrong, whatever the status
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors).
// A text that is too long, or a block too many, makes the blocks or the attachment
// around them invalid (sourcegraph-public-snapshot#49979, bolt-python#914).
func read(a answer.Answer) answer.Reading {
	text := strings.TrimSpace(string(a.Body))
	word := text[:len(text)-len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz_"))]
	switch word {
	case "ok":
		if a.OK() && text == "ok" {
			return a.Is(delivery.VerdictDelivered)
		}
	case "msg_too_long", "msg_blocks_too_long", "too_many_attachments", "invalid_blocks", "invalid_attachments":
		return a.TooLarge()
	case "invalid_payload", "no_text", "invalid_blocks_format":
		return a.Is(delivery.VerdictRejected)
	case "no_service", "no_service_id", "no_active_hooks", "no_team", "team_disabled", "channel_not_found", "channel_is_archived",
		"action_prohibited", "posting_to_general_channel_denied", "invalid_token", "user_not_found", "token_revoked":
		return a.Is(delivery.VerdictRefused)
	case "rollup_error", "fatal_error", "internal_error":
		return a.Is(delivery.VerdictFailed)
	case "rate_limited", "ratelimited":
		return a.Is(delivery.VerdictThrottled)
	}
	if a.OK() {
		return a.WrongType(`"ok" as a Slack webhook does`)
	}
	return a.ByStatus()
}
