package discord_test

import (
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/discord"
)

// TestDiscordsAnswers holds every documented answer, and those that people have met.
func TestDiscordsAnswers(t *testing.T) {
	chattest.Answers(t, discord.System().Forms[0], []chattest.Row{
		{Status: 204, Want: chattest.Delivered},
		{Status: 200, Body: `{"id":"1"}`, Want: chattest.Delivered},
		{Status: 200, Body: `{"id":"1"}`, Want: chattest.Delivered, Header: chattest.Head("X-RateLimit-Remaining", "0", "X-RateLimit-Reset-After", "1.5"), Wait: 1500 * time.Millisecond},
		{Status: 200, Body: `{"id":"1"}`, Want: chattest.Delivered, Header: chattest.Head("X-RateLimit-Remaining", "3", "X-RateLimit-Reset-After", "1.5")},
		{Status: 400, Body: `{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"0":{"description":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 4096 or fewer in length."}]}}}}}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"_errors":[{"code":"MAX_EMBED_SIZE_EXCEEDED","message":"Embed size exceeds maximum size of 6000"}]}}}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"0":{"url":{"_errors":[{"code":"URL_TYPE_INVALID_URL"}]}}}}}`, Want: chattest.Rejected},
		{Status: 400, Body: `{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 10 or fewer in length."}]}}}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"message":"Cannot send an empty message","code":50006}`, Want: chattest.Rejected},
		{Status: 400, Body: `{"content":["Must be 2000 or fewer in length."]}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"embeds":["Embed size exceeds maximum size of 6000"]}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"embeds":["0"]}`, Want: chattest.Rejected, Large: true},
		{Status: 400, Body: `{"allowed_mentions":["parse"]}`, Want: chattest.Rejected},
		{Status: 200, Body: chattest.Page, Want: chattest.Refused},
		{Status: 403, Body: chattest.Page, Want: chattest.Refused},
		{Status: 403, Body: `{"message":"Missing Access","code":50001}`, Want: chattest.Refused},
		{Status: 429, Body: `{"message":"You are being rate limited.","retry_after":64.5,"global":true}`, Header: chattest.Head("X-RateLimit-Global", "true"), Want: chattest.Throttled, Wait: 64500 * time.Millisecond},
		{Status: 429, Body: chattest.Page, Want: chattest.Throttled},
		{Status: 400, Body: `{"message":"Webhooks posted to forum channels must have a thread_name or thread_id","code":220001}`, Want: chattest.Refused},
		{Status: 401, Body: `{"message":"Invalid Webhook Token","code":50027}`, Want: chattest.Refused},
		{Status: 403, Body: `{"message":"internal network error","code":40333}`, Want: chattest.Failed},
		{Status: 404, Body: `{"message":"Unknown Webhook","code":10015}`, Want: chattest.Refused},
		{Status: 413, Body: `{"message":"Request entity too large","code":40005}`, Want: chattest.Rejected, Large: true},
		{Status: 429, Body: `{"message":"You are being rate limited.","retry_after":0.65,"global":false}`, Header: chattest.Head("Retry-After", "1"), Want: chattest.Throttled, Wait: 650 * time.Millisecond},
		{Status: 429, Body: "error code: 1015", Header: chattest.Head("Retry-After", "3600"), Want: chattest.Throttled, Wait: time.Hour},
		{Status: 502, Body: chattest.Page, Want: chattest.Failed},
	})
}
