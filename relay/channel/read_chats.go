package channel

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// wrongType is what an answer means that the system of the channel's type would not
// give: most often a page of something else at the same address.
func (a answer) wrongType(wanted string) reading {
	if !a.complete {
		return a.because(delivery.VerdictUnknown, "the answer broke off")
	}
	return a.because(delivery.VerdictRefused, "the endpoint does not answer "+wanted+"; is the channel's type right?")
}

// decode reads a JSON body as far as it is one.
func (a answer) decode(v any) { _ = json.Unmarshal(a.body, v) }

// member is a text in a JSON body; empty when there is none of the name.
func (a answer) member(name string) string {
	var members map[string]json.RawMessage
	var text string
	a.decode(&members)
	_ = json.Unmarshal(members[name], &text)
	return text
}

// tooLarge is a rejection that a smaller card may not get.
func (a answer) tooLarge() reading {
	r := a.is(delivery.VerdictRejected)
	r.tooLarge = true
	return r
}

// after is a reading with a wait that stands in the body.
func (r reading) after(seconds float64) reading {
	if seconds > 0 {
		r.RetryAfter = time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
	}
	return r
}

// readSlack reads the answer of an incoming webhook: "ok", or a word that says what
// is wrong, whatever the status
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors).
// A text that is too long, or a block too many, makes the blocks or the attachment
// around them invalid (sourcegraph-public-snapshot#49979, bolt-python#914).
func readSlack(a answer) reading {
	text := strings.TrimSpace(string(a.body))
	word := text[:len(text)-len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz_"))]
	switch word {
	case "ok":
		if a.ok() && text == "ok" {
			return a.is(delivery.VerdictDelivered)
		}
	case "msg_too_long", "msg_blocks_too_long", "too_many_attachments", "invalid_blocks", "invalid_attachments":
		return a.tooLarge()
	case "invalid_payload", "no_text", "invalid_blocks_format":
		return a.is(delivery.VerdictRejected)
	case "no_service", "no_service_id", "no_active_hooks", "no_team", "team_disabled", "channel_not_found", "channel_is_archived",
		"action_prohibited", "posting_to_general_channel_denied", "invalid_token", "user_not_found", "token_revoked":
		return a.is(delivery.VerdictRefused)
	case "rollup_error", "fatal_error", "internal_error":
		return a.is(delivery.VerdictFailed)
	case "rate_limited", "ratelimited":
		return a.is(delivery.VerdictThrottled)
	}
	if a.ok() {
		return a.wrongType(`"ok" as a Slack webhook does`)
	}
	return byStatus(a)
}

// readMattermost reads the answer of an incoming webhook: "ok", or an error with an
// id (mattermost/mattermost, web/webhook.go and app/webhook.go).
func readMattermost(a answer) reading {
	if a.ok() {
		if strings.TrimSpace(string(a.body)) == "ok" {
			return a.is(delivery.VerdictDelivered)
		}
		return a.wrongType(`"ok" as a Mattermost webhook does`)
	}
	var e struct {
		ID string `json:"id"`
	}
	a.decode(&e)
	if a.status == 500 {
		return a.is(delivery.VerdictFailed) // the store failed; the id says over what
	}
	name := strings.TrimSuffix(strings.TrimPrefix(e.ID, "web.incoming_webhook."), ".app_error")
	switch {
	case name == "channel", name == "channel_locked", name == "invalid", name == "user", name == "permissions", name == "disabled",
		bytes.Contains(a.body, []byte("find the channel")), bytes.Contains(a.body, []byte("Invalid webhook")):
		return a.is(delivery.VerdictRefused)
	case name == "split_props_length", name == "text.length":
		return a.tooLarge()
	case name == "parse", name == "text", name == "decode":
		return a.is(delivery.VerdictRejected)
	}
	return byStatus(a)
}

// readRocketChat reads the answer of an integration, which reports errors with
// status 200 too (RocketChat/Rocket.Chat, apps/meteor/app/integrations/server/api/api.ts).
func readRocketChat(a answer) reading {
	var e struct {
		Success *bool  `json:"success"`
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	a.decode(&e)
	said := strings.ToLower(e.Error + " " + e.Message)
	switch {
	case a.ok() && e.Success != nil && *e.Success && a.claims() == yes:
		return a.is(delivery.VerdictDelivered)
	case strings.Contains(said, "too-many-requests"), strings.Contains(said, "too many requests"):
		_, after, _ := strings.Cut(said, "wait ")
		number, _, _ := strings.Cut(after, " seconds")
		seconds, _ := strconv.ParseFloat(number, 64)
		return a.is(delivery.VerdictThrottled).after(seconds)
	case strings.Contains(said, "message-size-exceeded"):
		return a.tooLarge()
	case strings.Contains(said, "invalid integration"), strings.Contains(said, "room-not-found"), strings.Contains(said, "invalid-channel"),
		strings.Contains(said, "invalid-room"), strings.Contains(said, "not-allowed"), strings.Contains(said, "not authorized"),
		strings.Contains(said, "not enough permission"):
		return a.is(delivery.VerdictRefused)
	case a.status == 503 && e.Success != nil:
		return a.because(delivery.VerdictRefused, "the integration is turned off; turn it on in Rocket.Chat's administration")
	case !a.ok():
		return byStatus(a)
	case e.Success != nil:
		return a.is(delivery.VerdictRejected)
	}
	return a.wrongType("with JSON as Rocket.Chat does")
}

// readDiscord reads the answer of a webhook, in which a code says more than the
// status (https://discord.com/developers/docs/topics/opcodes-and-status-codes#json).
// When the allowance is used up, a success says so too
// (https://discord.com/developers/docs/topics/rate-limits#header-format).
//
// At an address without a version, as people copy it, a bad payload is answered in
// the form of old versions, without a code: {"embeds": ["0"]} says only which embed
// is bad, and it may be its size (jenkins-discord#4, hoyolab-auto-login#5).
func readDiscord(a answer) reading {
	if a.ok() {
		if a.status != http.StatusNoContent && a.member("id") == "" {
			return a.wrongType("with the id of a message as Discord does")
		}
		r := a.is(delivery.VerdictDelivered)
		if a.header.Get("X-RateLimit-Remaining") == "0" {
			seconds, _ := strconv.ParseFloat(a.header.Get("X-RateLimit-Reset-After"), 64)
			r = r.after(seconds)
		}
		return r
	}
	var e struct {
		Code       int             `json:"code"`
		RetryAfter float64         `json:"retry_after"`
		Errors     json.RawMessage `json:"errors"`
		Embeds     []string        `json:"embeds"`
	}
	a.decode(&e)
	if a.status == 429 {
		return a.is(delivery.VerdictThrottled).after(e.RetryAfter)
	}
	switch e.Code {
	case 10003, 10015, 50001, 50013, 50027:
		return a.is(delivery.VerdictRefused)
	case 220001, 220003:
		return a.because(delivery.VerdictRefused, "a forum channel takes cards in a thread only: add ?thread_id=… to the channel's url")
	case 40005:
		return a.tooLarge()
	case 40333:
		return a.is(delivery.VerdictFailed) // "internal network error", with status 403
	case 50006, 50035:
		r := a.is(delivery.VerdictRejected)
		r.Detail += formErrors("", e.Errors)
		r.tooLarge = saysTooLarge(a.body) || strings.Contains(string(a.body), "MAX_LENGTH")
		return r
	}
	r := byStatus(a)
	r.tooLarge = r.tooLarge || a.status == 400 && len(e.Embeds) > 0
	return r
}

// formErrors says where a form is wrong, and how, from a tree of errors:
// https://discord.com/developers/docs/reference#error-messages.
func formErrors(path string, tree json.RawMessage) string {
	var nodes map[string]json.RawMessage
	if len(path) > longestDetail || json.Unmarshal(tree, &nodes) != nil {
		return ""
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		if name != "_errors" {
			text.WriteString(formErrors(path+"."+name, nodes[name]))
			continue
		}
		var list []struct {
			Message string `json:"message"`
		}
		_ = json.Unmarshal(nodes[name], &list)
		for _, e := range list {
			text.WriteString("; " + strings.TrimPrefix(path, ".") + ": " + e.Message)
		}
	}
	return text.String()
}

// readGoogleChat reads the answer of a webhook; errors are those of all Google's
// APIs (https://cloud.google.com/apis/design/errors).
func readGoogleChat(a answer) reading {
	if a.ok() {
		// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#Message
		if !strings.HasPrefix(a.member("name"), "spaces/") {
			return a.wrongType("with a message's name as Google Chat does")
		}
		return a.is(delivery.VerdictDelivered)
	}
	var e struct {
		Error struct {
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	}
	a.decode(&e)
	switch e.Error.Status {
	case "RESOURCE_EXHAUSTED":
		return a.is(delivery.VerdictThrottled)
	case "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION":
		return a.is(delivery.VerdictRefused)
	case "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED":
		return a.is(delivery.VerdictFailed)
	case "INVALID_ARGUMENT":
		if strings.Contains(e.Error.Message, "API key") {
			return a.is(delivery.VerdictRefused)
		}
	}
	return byStatus(a)
}

// readWebex reads the answer of an incoming webhook: 204 and nothing more
// (rundeck-diy-webhook-notification#2), or, as the rest of the API, a message with its
// id; errors are told by their status (https://developer.webex.com/docs/basics#api-errors),
// of which 428 is about files.
func readWebex(a answer) reading {
	switch {
	case !a.ok():
		return byStatus(a)
	case a.complete && len(bytes.TrimSpace(a.body)) == 0, a.member("id") != "":
		return a.is(delivery.VerdictDelivered)
	}
	return a.wrongType("nothing as Webex does")
}

// readZulip reads the answer of the API
// (https://zulip.com/api/rest-error-handling, https://zulip.com/api/send-message).
func readZulip(a answer) reading {
	var e struct {
		Result     string  `json:"result"`
		Message    string  `json:"msg"`
		Code       string  `json:"code"`
		RetryAfter float64 `json:"retry-after"`
	}
	a.decode(&e)
	switch {
	case a.ok() && e.Result == "success":
		return a.is(delivery.VerdictDelivered)
	case a.ok():
		return a.wrongType("with JSON as Zulip does")
	case a.status == 429, e.Code == "RATE_LIMIT_HIT":
		return a.is(delivery.VerdictThrottled).after(e.RetryAfter)
	case strings.Contains(e.Message, "too long"):
		return a.tooLarge()
	case strings.Contains(e.Message, "Not authorized to send"):
		return a.is(delivery.VerdictRefused) // with the code of any bad request
	}
	switch e.Code {
	case "STREAM_DOES_NOT_EXIST", "CHANNEL_DOES_NOT_EXIST", "UNAUTHORIZED", "INVALID_API_KEY", "UNAUTHENTICATED_USER", "USER_DEACTIVATED", "REALM_DEACTIVATED":
		return a.is(delivery.VerdictRefused)
	}
	return byStatus(a)
}

// readHookshot reads the answer of a generic webhook of matrix-hookshot: 202 before
// the card is in the room, or 200 after it, if the bridge is told to wait; old
// versions answer 200 "OK" at once
// (matrix-org/matrix-hookshot, src/generic/Router.ts and src/Bridge.ts).
func readHookshot(a answer) reading {
	if !a.ok() {
		return byStatus(a)
	}
	var e struct {
		OK *bool `json:"ok"`
	}
	a.decode(&e)
	switch {
	case e.OK != nil && !*e.OK:
		return a.is(delivery.VerdictFailed)
	case e.OK != nil && a.status == 200:
		return a.is(delivery.VerdictDelivered)
	}
	if e.OK == nil && !strings.EqualFold(strings.TrimSpace(string(a.body)), "ok") {
		return a.wrongType("with JSON as matrix-hookshot does")
	}
	return a.is(delivery.VerdictAccepted)
}

// readMatrix reads the answer of a homeserver
// (https://spec.matrix.org/latest/client-server-api/#standard-error-response).
func readMatrix(a answer) reading {
	var e struct {
		EventID    string  `json:"event_id"`
		Code       string  `json:"errcode"`
		RetryAfter float64 `json:"retry_after_ms"`
	}
	a.decode(&e)
	switch {
	case a.ok() && e.EventID != "":
		return a.is(delivery.VerdictDelivered)
	case a.ok():
		return a.wrongType("with an event_id as a Matrix server does")
	}
	switch e.Code {
	case "M_LIMIT_EXCEEDED":
		return a.is(delivery.VerdictThrottled).after(e.RetryAfter / 1000)
	case "M_TOO_LARGE":
		return a.tooLarge()
	case "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM", "M_DUPLICATE_ANNOTATION":
		return a.is(delivery.VerdictRejected)
	case "M_FORBIDDEN", "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED", "M_NOT_FOUND", "M_UNRECOGNIZED":
		return a.is(delivery.VerdictRefused)
	}
	return byStatus(a)
}

// readNtfy reads the answer of a server, whose errors have codes that begin with the
// status (binwiederhier/ntfy, server/errors.go).
func readNtfy(a answer) reading {
	var e struct {
		ID   string `json:"id"`
		Code int    `json:"code"`
	}
	a.decode(&e)
	switch {
	case a.ok() && e.ID != "":
		return a.is(delivery.VerdictDelivered)
	case a.ok():
		return a.wrongType("with an id as ntfy does")
	case e.Code == 40009, e.Code == 40010:
		return a.is(delivery.VerdictRefused) // the topic is none, or not allowed
	case e.Code == 40014:
		return a.tooLarge() // a long message would be an attachment, and those are turned off
	case e.Code == 42908, e.Code == 42905:
		return a.because(delivery.VerdictThrottled, "the day's allowance is used up")
	}
	return byStatus(a)
}
