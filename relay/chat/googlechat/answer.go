package googlechat

import (
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of a webhook; errors are those of all Google's
// APIs (https://cloud.google.com/apis/design/errors).
func read(a answer.Answer) answer.Reading {
	if a.OK() {
		// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#Message
		if !strings.HasPrefix(a.Member("name"), "spaces/") {
			return a.WrongType("with a message's name as Google Chat does")
		}
		return a.Is(delivery.VerdictDelivered)
	}
	var e struct {
		Error struct {
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	}
	a.Decode(&e)
	switch e.Error.Status {
	case "RESOURCE_EXHAUSTED":
		return a.Is(delivery.VerdictThrottled)
	case "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION":
		return a.Is(delivery.VerdictRefused)
	case "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED":
		return a.Is(delivery.VerdictFailed)
	case "INVALID_ARGUMENT":
		if strings.Contains(e.Error.Message, "API key") {
			return a.Is(delivery.VerdictRefused)
		}
	}
	return a.ByStatus()
}
