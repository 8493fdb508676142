package webex

import (
	"bytes"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of an incoming webhook: 204 and nothing more
// (rundeck-diy-webhook-notification#2), or, as the rest of the API, a message with its
// id; errors are told by their status (https://developer.webex.com/docs/basics#api-errors),
// of which 428 is about files.
func read(a answer.Answer) answer.Reading {
	switch {
	case !a.OK():
		return a.ByStatus()
	case a.Complete && len(bytes.TrimSpace(a.Body)) == 0, a.Member("id") != "":
		return a.Is(delivery.VerdictDelivered)
	}
	return a.WrongType("nothing as Webex does")
}
