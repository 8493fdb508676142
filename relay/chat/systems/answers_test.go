package systems_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// The tables hold every documented answer of the chat systems, and those that people
// have met.

const (
	delivered = delivery.VerdictDelivered
	accepted  = delivery.VerdictAccepted
	throttled = delivery.VerdictThrottled
	failed    = delivery.VerdictFailed
	rejected  = delivery.VerdictRejected
	refused   = delivery.VerdictRefused
)

// page is what a server in between answers.
const page = "<html><head><title>Bad gateway</title></head></html>"

// row is one answer and what it means.
type row struct {
	status int
	body   string
	want   delivery.Verdict
	// large says that a smaller card may be taken.
	large  bool
	wait   time.Duration
	header http.Header
}

func head(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func google(code int, status, message string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":%q}}`, code, message, status)
}

func mattermost(id, message string, status int) string {
	return fmt.Sprintf(`{"id":%q,"message":%q,"detailed_error":"","request_id":"x","status_code":%d}`, id, message, status)
}

func zulip(code, message string) string {
	return fmt.Sprintf(`{"result":"error","msg":%q,"code":%q}`, message, code)
}

// judge reads answers, and one that breaks off.
func judge(t *testing.T, read func(answer.Answer) answer.Reading, rows []row) {
	for _, r := range rows {
		t.Run(fmt.Sprintf("%d %.40s", r.status, r.body), func(t *testing.T) {
			if r.header == nil {
				r.header = http.Header{}
			}
			got := read(answer.Answer{Status: r.status, Body: []byte(r.body), Header: r.header, Complete: true, At: noon()})
			if got.Verdict != r.want || got.TooLarge != r.large || got.RetryAfter != r.wait || got.Status != r.status {
				t.Errorf("read as %s (too large: %v, wait %s), want %s (%v, %s)", got.Verdict, got.TooLarge, got.RetryAfter, r.want, r.large, r.wait)
			}
			if good := got.Verdict == delivered || got.Verdict == accepted; good != (got.Detail == "") {
				t.Errorf("the detail of %s is %q", got.Verdict, got.Detail)
			}
		})
	}
	t.Run("an answer that breaks off", func(t *testing.T) {
		got := read(answer.Answer{Status: 200, Body: []byte("<htm"), Header: http.Header{}, At: noon()})
		switch got.Verdict {
		case delivery.VerdictUnknown, delivered, accepted:
		default:
			t.Errorf("read as %s: %s", got.Verdict, got.Detail)
		}
	})
}

func TestSlacksAnswers(t *testing.T) {
	judge(t, named("slack").Read, []row{
		{status: 200, body: "ok", want: delivered},
		{status: 200, body: "no_service", want: refused},
		{status: 200, body: page, want: refused},
		{status: 400, body: "invalid_payload", want: rejected},
		{status: 400, body: "no_text", want: rejected},
		{status: 400, body: "invalid_blocks", want: rejected, large: true},
		{status: 400, body: "invalid_attachments", want: rejected, large: true},
		{status: 400, body: "invalid_blocks_format", want: rejected},
		{status: 400, body: "missing_text_or_fallback_or_attachments", want: rejected},
		{status: 400, body: "too_many_attachments", want: rejected, large: true},
		{status: 400, body: "msg_blocks_too_long", want: rejected, large: true},
		{status: 400, body: "msg_too_long", want: rejected, large: true},
		{status: 400, body: "user_not_found", want: refused},
		{status: 403, body: "action_prohibited", want: refused},
		{status: 403, body: "posting_to_general_channel_denied", want: refused},
		{status: 403, body: "invalid_token", want: refused},
		{status: 403, body: "team_disabled", want: refused},
		{status: 400, body: "invalid_token", want: refused},
		{status: 404, body: "channel_not_found", want: refused},
		{status: 404, body: "no_service", want: refused},
		{status: 404, body: "no_active_hooks", want: refused},
		{status: 404, body: "no_team", want: refused},
		{status: 410, body: "channel_is_archived", want: refused},
		{status: 429, body: "rate_limited", want: throttled, header: head("Retry-After", "30"), wait: 30 * time.Second},
		{status: 429, body: "", want: throttled, header: head("Retry-After", "1"), wait: time.Second},
		{status: 500, body: "rollup_error", want: failed},
		{status: 500, body: "no_text", want: rejected},
		{status: 503, body: page, want: failed},
		{status: 403, body: "something_new", want: refused},
		{status: 404, body: page, want: refused},
	})
}

func TestMattermostsAnswers(t *testing.T) {
	judge(t, named("mattermost").Read, []row{
		{status: 200, body: "ok", want: delivered},
		{status: 200, body: page, want: refused},
		{status: 400, body: mattermost("web.incoming_webhook.invalid.app_error", "Invalid webhook.", 400), want: refused},
		{status: 400, body: mattermost("web.incoming_webhook.parse.app_error", "Unable to parse incoming data.", 400), want: rejected},
		{status: 400, body: mattermost("web.incoming_webhook.text.app_error", "No text specified.", 400), want: rejected},
		{status: 400, body: mattermost("web.incoming_webhook.split_props_length.app_error", "Unable to split webhook props into 800000 character parts.", 400), want: rejected, large: true},
		{status: 400, body: "Couldn't find the channel", want: refused},
		{status: 400, body: mattermost("", "Couldn't find the channel", 400), want: refused},
		{status: 404, body: mattermost("web.incoming_webhook.channel.app_error", "Couldn't find the channel.", 404), want: refused},
		{status: 403, body: mattermost("web.incoming_webhook.permissions.app_error", "Inappropriate channel permissions.", 403), want: refused},
		{status: 400, body: mattermost("model.incoming_hook.parse_data.app_error", "Unable to parse incoming data.", 400), want: rejected},
		{status: 400, body: mattermost("web.incoming_webhook.user.app_error", "Couldn't find the user.", 400), want: refused},
		{status: 403, body: mattermost("web.incoming_webhook.channel_locked.app_error", "This webhook is not permitted to post to the requested channel.", 403), want: refused},
		{status: 404, body: mattermost("app.channel.get.existing.app_error", "Unable to find the existing channel.", 404), want: refused},
		{status: 500, body: mattermost("web.incoming_webhook.channel.app_error", "Couldn't find the channel.", 500), want: failed},
		{status: 502, body: page, want: failed},
		{status: 413, body: "", want: rejected, large: true},
		{status: 429, body: "limit exceeded", want: throttled, header: head("Retry-After", "2"), wait: 2 * time.Second},
		{status: 501, body: mattermost("web.incoming_webhook.disabled.app_error", "Incoming webhooks have been disabled by the system admin.", 501), want: refused},
		{status: 500, body: mattermost("app.post.save.app_error", "Unable to save the Post.", 500), want: failed},
	})
}

func TestRocketChatsAnswers(t *testing.T) {
	judge(t, named("rocketchat").Read, []row{
		{status: 200, body: `{"success":true}`, want: delivered},
		{status: 200, body: `{"success":false,"error":"error-room-not-found"}`, want: refused},
		{status: 200, body: `{"success":false,"error":"The room was not accepted"}`, want: rejected},
		{status: 200, body: page, want: refused},
		{status: 400, body: `{"success":false,"error":"Invalid integration id or token provided."}`, want: refused},
		{status: 400, body: `{"success":false,"error":"invalid-channel"}`, want: refused},
		{status: 400, body: `{"success":false,"error":"[error-message-size-exceeded]"}`, want: rejected, large: true},
		{status: 400, body: `{"success":false,"error":"unable-to-parse"}`, want: rejected},
		{status: 400, body: `{"success":false,"error":"Invalid attachment field, title and value is required"}`, want: rejected},
		{status: 400, body: `{"success":false,"error":"Match error: Failed Match.Where validation in field title_link"}`, want: rejected},
		{status: 400, body: `{"success":false,"error":"Not enough permission"}`, want: refused},
		{status: 401, body: `{"status":"error","message":"You must be logged in to do this."}`, want: refused},
		{status: 503, body: `{"success":false,"error":"Service Unavailable"}`, want: refused},
		{status: 429, body: page, want: throttled},
		{status: 429, body: `{"success":false,"error":"Error, too many requests. Please slow down. You must wait 42 seconds before trying this endpoint again. [error-too-many-requests]"}`, want: throttled, wait: 42 * time.Second},
		{status: 503, body: page, want: failed},
	})
}

func TestDiscordsAnswers(t *testing.T) {
	judge(t, named("discord").Read, []row{
		{status: 204, want: delivered},
		{status: 200, body: `{"id":"1"}`, want: delivered},
		{status: 200, body: `{"id":"1"}`, want: delivered, header: head("X-RateLimit-Remaining", "0", "X-RateLimit-Reset-After", "1.5"), wait: 1500 * time.Millisecond},
		{status: 200, body: `{"id":"1"}`, want: delivered, header: head("X-RateLimit-Remaining", "3", "X-RateLimit-Reset-After", "1.5")},
		{status: 400, body: `{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"0":{"description":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 4096 or fewer in length."}]}}}}}`, want: rejected, large: true},
		{status: 400, body: `{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"_errors":[{"code":"MAX_EMBED_SIZE_EXCEEDED","message":"Embed size exceeds maximum size of 6000"}]}}}`, want: rejected, large: true},
		{status: 400, body: `{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"0":{"url":{"_errors":[{"code":"URL_TYPE_INVALID_URL"}]}}}}}`, want: rejected},
		{status: 400, body: `{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 10 or fewer in length."}]}}}`, want: rejected, large: true},
		{status: 400, body: `{"message":"Cannot send an empty message","code":50006}`, want: rejected},
		{status: 400, body: `{"content":["Must be 2000 or fewer in length."]}`, want: rejected, large: true},
		{status: 400, body: `{"embeds":["Embed size exceeds maximum size of 6000"]}`, want: rejected, large: true},
		{status: 400, body: `{"embeds":["0"]}`, want: rejected, large: true},
		{status: 400, body: `{"allowed_mentions":["parse"]}`, want: rejected},
		{status: 200, body: page, want: refused},
		{status: 403, body: page, want: refused},
		{status: 403, body: `{"message":"Missing Access","code":50001}`, want: refused},
		{status: 429, body: `{"message":"You are being rate limited.","retry_after":64.5,"global":true}`, header: head("X-RateLimit-Global", "true"), want: throttled, wait: 64500 * time.Millisecond},
		{status: 429, body: page, want: throttled},
		{status: 400, body: `{"message":"Webhooks posted to forum channels must have a thread_name or thread_id","code":220001}`, want: refused},
		{status: 401, body: `{"message":"Invalid Webhook Token","code":50027}`, want: refused},
		{status: 403, body: `{"message":"internal network error","code":40333}`, want: failed},
		{status: 404, body: `{"message":"Unknown Webhook","code":10015}`, want: refused},
		{status: 413, body: `{"message":"Request entity too large","code":40005}`, want: rejected, large: true},
		{status: 429, body: `{"message":"You are being rate limited.","retry_after":0.65,"global":false}`, header: head("Retry-After", "1"), want: throttled, wait: 650 * time.Millisecond},
		{status: 429, body: "error code: 1015", header: head("Retry-After", "3600"), want: throttled, wait: time.Hour},
		{status: 502, body: page, want: failed},
	})
}

func TestGoogleChatsAnswers(t *testing.T) {
	judge(t, named("googlechat").Read, []row{
		{status: 200, body: `{"name":"spaces/S/messages/M"}`, want: delivered},
		{status: 400, body: google(400, "INVALID_ARGUMENT", "Invalid JSON payload received."), want: rejected},
		{status: 400, body: google(400, "INVALID_ARGUMENT", "Message is too long."), want: rejected, large: true},
		{status: 400, body: google(400, "INVALID_ARGUMENT", "Message is longer than 4096 characters"), want: rejected, large: true},
		{status: 400, body: google(400, "INVALID_ARGUMENT", "Maximum length of the field is 4096. Field: apps.dynamite.CreateMessageInfo.text_body"), want: rejected, large: true},
		{status: 400, body: google(400, "FAILED_PRECONDITION", "Precondition check failed."), want: refused},
		{status: 200, body: page, want: refused},
		{status: 404, body: page, want: refused},
		{status: 429, body: page, want: throttled},
		{status: 400, body: google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), want: refused},
		{status: 401, body: google(401, "UNAUTHENTICATED", "Request is missing required authentication credential."), want: refused},
		{status: 403, body: google(403, "PERMISSION_DENIED", "Permission denied to perform the requested action on the specified resource"), want: refused},
		{status: 404, body: google(404, "NOT_FOUND", "Requested entity was not found."), want: refused},
		{status: 429, body: google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), want: throttled},
		{status: 500, body: google(500, "INTERNAL", "Internal error encountered."), want: failed},
		{status: 503, body: google(503, "UNAVAILABLE", "The service is currently unavailable."), want: failed},
	})
}

func TestWebexsAnswers(t *testing.T) {
	judge(t, named("webex").Read, []row{
		{status: 204, want: delivered},
		{status: 200, want: delivered},
		{status: 400, body: `{"message":"One or more fields in the request are malformed.","trackingId":"T"}`, want: rejected},
		{status: 400, body: `{"message":"Text message is too long","trackingId":"T"}`, want: rejected, large: true},
		{status: 400, body: `{"message":"Unable to post message to room: Message length limited to 7439 characters before encryption and 10000 characters after encryption.","trackingId":"T"}`, want: rejected, large: true},
		{status: 200, body: page, want: refused},
		{status: 410, want: refused},
		{status: 413, want: rejected, large: true},
		{status: 428, want: rejected},
		{status: 401, want: refused},
		{status: 404, body: `{"message":"Webhook not found"}`, want: refused},
		{status: 423, header: head("Retry-After", "5"), want: failed, wait: 5 * time.Second},
		{status: 429, header: head("Retry-After", "60"), want: throttled, wait: time.Minute},
		{status: 502, want: failed},
	})
}

func TestZulipsAnswers(t *testing.T) {
	judge(t, named("zulip").Read, []row{
		{status: 200, body: `{"result":"success","msg":"","id":42}`, want: delivered},
		{status: 200, body: page, want: refused},
		{status: 400, body: zulip("STREAM_DOES_NOT_EXIST", "Channel 'x' does not exist"), want: refused},
		{status: 400, body: zulip("BAD_REQUEST", "Message must not be empty"), want: rejected},
		{status: 400, body: zulip("BAD_REQUEST", "Message too long"), want: rejected, large: true},
		{status: 400, body: zulip("BAD_REQUEST", "Not authorized to send to channel 'x'"), want: refused},
		{status: 400, body: zulip("STREAM_WILDCARD_MENTION_NOT_ALLOWED", "You do not have permission to use channel wildcard mentions in this channel."), want: rejected},
		{status: 401, body: zulip("INVALID_API_KEY", "Invalid API key"), want: refused},
		{status: 404, body: zulip("NONEXISTENT_SUBDOMAIN", "Invalid subdomain"), want: refused},
		{status: 200, body: zulip("UNSUPPORTED_WEBHOOK_EVENT_TYPE", "The event isn't currently supported"), want: refused},
		{status: 502, body: page, want: failed},
		{status: 401, body: zulip("UNAUTHORIZED", "Invalid API key"), want: refused},
		{status: 403, body: zulip("USER_DEACTIVATED", "Account is deactivated"), want: refused},
		{status: 429, body: `{"result":"error","code":"RATE_LIMIT_HIT","msg":"API usage exceeded rate limit","retry-after":28.7}`, want: throttled, wait: 28700 * time.Millisecond},
		{status: 500, want: failed},
	})
}

func TestHookshotsAnswers(t *testing.T) {
	judge(t, named("matrix hookshot").Read, []row{
		{status: 202, body: `{"ok":true}`, want: accepted},
		{status: 200, body: `{"ok":true}`, want: delivered},
		{status: 200, body: "OK", want: accepted},
		{status: 200, body: page, want: refused},
		{status: 200, body: `{"ok":false,"error":"Failed to process webhook"}`, want: failed},
		{status: 400, body: `{"ok":false,"error":"Invalid body"}`, want: rejected},
		{status: 404, body: `{"ok":false,"error":"This hook has expired"}`, want: refused},
		{status: 413, body: `{"errcode":"M_UNKNOWN","error":"request entity too large"}`, want: rejected, large: true},
		{status: 500, body: `{"ok":false,"error":"Failed to process webhook"}`, want: failed},
		{status: 404, body: `{"ok":false,"error":"Webhook not found"}`, want: refused},
		{status: 429, want: throttled},
		{status: 500, body: `{"ok":false}`, want: failed},
	})
}

func TestMatrixsAnswers(t *testing.T) {
	judge(t, named("matrix event").Read, []row{
		{status: 200, body: `{"event_id":"$e"}`, want: delivered},
		{status: 200, body: page, want: refused},
		{status: 400, body: `{"errcode":"M_BAD_JSON","error":"x"}`, want: rejected},
		{status: 401, body: `{"errcode":"M_UNKNOWN_TOKEN","error":"x","soft_logout":false}`, want: refused},
		{status: 401, body: `{"errcode":"M_MISSING_TOKEN","error":"x"}`, want: refused},
		{status: 403, body: `{"errcode":"M_FORBIDDEN","error":"User not in room"}`, want: refused},
		{status: 404, body: `{"errcode":"M_UNRECOGNIZED","error":"x"}`, want: refused},
		{status: 403, body: `{"errcode":"M_USER_SUSPENDED","error":"x"}`, want: refused},
		{status: 404, body: `{"errcode":"M_NOT_FOUND","error":"Unknown room"}`, want: refused},
		{status: 404, body: page, want: refused},
		{status: 429, body: `{"errcode":"M_LIMIT_EXCEEDED","error":"x"}`, header: head("Retry-After", "3"), want: throttled, wait: 3 * time.Second},
		{status: 502, body: page, want: failed},
		{status: 413, body: `{"errcode":"M_TOO_LARGE","error":"event too large"}`, want: rejected, large: true},
		{status: 429, body: `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":2500}`, want: throttled, wait: 2500 * time.Millisecond},
		{status: 500, body: `{"errcode":"M_UNKNOWN","error":"x"}`, want: failed},
	})
}

func TestNtfysAnswers(t *testing.T) {
	judge(t, named("ntfy").Read, []row{
		{status: 200, body: `{"id":"x","event":"message"}`, want: delivered},
		{status: 200, body: page, want: refused},
		{status: 400, body: `{"code":40017,"http":400,"error":"invalid request: request body must be valid JSON"}`, want: rejected},
		{status: 400, body: `{"code":40009,"http":400,"error":"invalid request: topic invalid"}`, want: refused},
		{status: 401, body: `{"code":40101,"http":401,"error":"unauthorized"}`, want: refused},
		{status: 403, body: `{"code":40301,"http":403,"error":"forbidden"}`, want: refused},
		{status: 400, body: `{"code":40014,"http":400,"error":"invalid request: attachments not allowed"}`, want: rejected, large: true},
		{status: 400, body: `{"code":40010,"http":400,"error":"invalid request: topic name is not allowed"}`, want: refused},
		{status: 400, body: `{"code":40018,"http":400,"error":"invalid request: actions invalid, only 3 actions allowed"}`, want: rejected},
		{status: 400, body: `{"code":40024,"http":400,"error":"invalid request: request body must be valid JSON"}`, want: rejected},
		{status: 429, body: `{"code":42909,"http":429,"error":"limit reached: too many auth failures"}`, want: throttled},
		{status: 429, body: page, want: throttled},
		{status: 413, body: `{"code":41301,"http":413,"error":"attachment too large, or bandwidth limit reached"}`, want: rejected, large: true},
		{status: 413, body: `{"code":41303,"http":413,"error":"JSON body too large"}`, want: rejected, large: true},
		{status: 429, body: `{"code":42901,"http":429,"error":"limit reached: too many requests"}`, want: throttled},
		{status: 429, body: `{"code":42908,"http":429,"error":"limit reached: daily message quota reached"}`, want: throttled},
		{status: 507, body: `{"code":50701,"http":507,"error":"cannot publish to UnifiedPush topic without previously active subscriber"}`, want: failed},
		{status: 500, want: failed},
	})
}

// TestErrorsSayWhatTheSystemSays, in its own words.
func TestErrorsSayWhatTheSystemSays(t *testing.T) {
	for want, got := range map[string]answer.Reading{
		"404 Not Found: channel_not_found": named("slack").Read(answer.Answer{Status: 404, Body: []byte("channel_not_found"), Header: http.Header{}}),
		"Channel 'x' does not exist":       named("zulip").Read(answer.Answer{Status: 400, Body: []byte(`{"result":"error","msg":"Channel 'x' does not exist","code":"STREAM_DOES_NOT_EXIST"}`), Header: http.Header{}}),
		"M_FORBIDDEN: User not in room":    named("matrix event").Read(answer.Answer{Status: 403, Body: []byte(`{"errcode":"M_FORBIDDEN","error":"User not in room"}`), Header: http.Header{}}),
		"embeds.0.title: Must be 256 or fewer in length.": named("discord").Read(answer.Answer{Status: 400, Header: http.Header{}, Body: []byte(`{"message":"Invalid Form Body","code":50035,` +
			`"errors":{"embeds":{"0":{"title":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 256 or fewer in length."}]}}}}}`)}),
		"add ?thread_id=": named("discord").Read(answer.Answer{Status: 400, Body: []byte(`{"message":"forum","code":220001}`), Header: http.Header{}}),
	} {
		if !strings.Contains(got.Detail, want) {
			t.Errorf("the detail is %q, want %q in it", got.Detail, want)
		}
	}
}
