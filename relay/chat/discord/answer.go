package discord

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of a webhook, in which a code says more than the
// status (https://discord.com/developers/docs/topics/opcodes-and-status-codes#json).
// When the allowance is used up, a success says so too
// (https://discord.com/developers/docs/topics/rate-limits#header-format).
//
// At an address without a version, as people copy it, a bad payload is answered in
// the form of old versions, without a code: {"embeds": ["0"]} says only which embed
// is bad, and it may be its size (jenkins-discord#4, hoyolab-auto-login#5).
func read(a answer.Answer) answer.Reading {
	if a.OK() {
		if a.Status != http.StatusNoContent && a.Member("id") == "" {
			return a.WrongType("with the id of a message as Discord does")
		}
		r := a.Is(delivery.VerdictDelivered)
		if a.Header.Get("X-RateLimit-Remaining") == "0" {
			seconds, _ := strconv.ParseFloat(a.Header.Get("X-RateLimit-Reset-After"), 64)
			r = r.After(seconds)
		}
		return r
	}
	var e struct {
		Code       int             `json:"code"`
		RetryAfter float64         `json:"retry_after"`
		Errors     json.RawMessage `json:"errors"`
		Embeds     []string        `json:"embeds"`
	}
	a.Decode(&e)
	if a.Status == 429 {
		return a.Is(delivery.VerdictThrottled).After(e.RetryAfter)
	}
	switch e.Code {
	case 10003, 10015, 50001, 50013, 50027:
		return a.Is(delivery.VerdictRefused)
	case 220001, 220003:
		return a.Because(delivery.VerdictRefused, "a forum channel takes cards in a thread only: add ?thread_id=… to the channel's url")
	case 40005:
		return a.TooLarge()
	case 40333:
		return a.Is(delivery.VerdictFailed) // "internal network error", with status 403
	case 50006, 50035:
		r := a.Is(delivery.VerdictRejected)
		r.Detail += formErrors("", e.Errors)
		r.TooLarge = a.SaysTooLarge() || strings.Contains(string(a.Body), "MAX_LENGTH")
		return r
	}
	r := a.ByStatus()
	r.TooLarge = r.TooLarge || a.Status == 400 && len(e.Embeds) > 0
	return r
}

// longestPath ends the way into a tree of errors that a stranger may have planted.
const longestPath = 300

// formErrors says where a form is wrong, and how, from a tree of errors:
// https://discord.com/developers/docs/reference#error-messages.
func formErrors(path string, tree json.RawMessage) string {
	var nodes map[string]json.RawMessage
	if len(path) > longestPath || json.Unmarshal(tree, &nodes) != nil {
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
