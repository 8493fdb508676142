package matrix

import (
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// readHookshot reads the answer of a generic webhook of matrix-hookshot: 202 before
// the card is in the room, or 200 after it, if the bridge is told to wait; old
// versions answer 200 "OK" at once
// (matrix-org/matrix-hookshot, src/generic/Router.ts and src/Bridge.ts).
func readHookshot(a answer.Answer) answer.Reading {
	if !a.OK() {
		return a.ByStatus()
	}
	var e struct {
		OK *bool `json:"ok"`
	}
	a.Decode(&e)
	switch {
	case e.OK != nil && !*e.OK:
		return a.Is(delivery.VerdictFailed)
	case e.OK != nil && a.Status == 200:
		return a.Is(delivery.VerdictDelivered)
	}
	if e.OK == nil && !strings.EqualFold(strings.TrimSpace(string(a.Body)), "ok") {
		return a.WrongType("with JSON as matrix-hookshot does")
	}
	return a.Is(delivery.VerdictAccepted)
}

// readEvent reads the answer of a homeserver
// (https://spec.matrix.org/latest/client-server-api/#standard-error-response).
func readEvent(a answer.Answer) answer.Reading {
	var e struct {
		EventID    string  `json:"event_id"`
		Code       string  `json:"errcode"`
		RetryAfter float64 `json:"retry_after_ms"`
	}
	a.Decode(&e)
	switch {
	case a.OK() && e.EventID != "":
		return a.Is(delivery.VerdictDelivered)
	case a.OK():
		return a.WrongType("with an event_id as a Matrix server does")
	}
	switch e.Code {
	case "M_LIMIT_EXCEEDED":
		return a.Is(delivery.VerdictThrottled).After(e.RetryAfter / 1000)
	case "M_TOO_LARGE":
		return a.TooLarge()
	case "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM", "M_DUPLICATE_ANNOTATION":
		return a.Is(delivery.VerdictRejected)
	case "M_FORBIDDEN", "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED", "M_NOT_FOUND", "M_UNRECOGNIZED":
		return a.Is(delivery.VerdictRefused)
	}
	return a.ByStatus()
}
