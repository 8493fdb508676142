package zulip

import (
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of the API
// (https://zulip.com/api/rest-error-handling, https://zulip.com/api/send-message).
func read(a answer.Answer) answer.Reading {
	var e struct {
		Result     string  `json:"result"`
		Message    string  `json:"msg"`
		Code       string  `json:"code"`
		RetryAfter float64 `json:"retry-after"`
	}
	a.Decode(&e)
	switch {
	case a.OK() && e.Result == "success":
		return a.Is(delivery.VerdictDelivered)
	case a.OK():
		return a.WrongType("with JSON as Zulip does")
	case a.Status == 429, e.Code == "RATE_LIMIT_HIT":
		return a.Is(delivery.VerdictThrottled).After(e.RetryAfter)
	case strings.Contains(e.Message, "too long"):
		return a.TooLarge()
	case strings.Contains(e.Message, "Not authorized to send"):
		return a.Is(delivery.VerdictRefused) // with the code of any bad request
	}
	switch e.Code {
	case "STREAM_DOES_NOT_EXIST", "CHANNEL_DOES_NOT_EXIST", "UNAUTHORIZED", "INVALID_API_KEY", "UNAUTHENTICATED_USER", "USER_DEACTIVATED", "REALM_DEACTIVATED":
		return a.Is(delivery.VerdictRefused)
	}
	return a.ByStatus()
}
