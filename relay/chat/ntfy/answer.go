package ntfy

import (
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of a server, whose errors have codes that begin with the
// status (binwiederhier/ntfy, server/errors.go).
func read(a answer.Answer) answer.Reading {
	var e struct {
		ID   string `json:"id"`
		Code int    `json:"code"`
	}
	a.Decode(&e)
	switch {
	case a.OK() && e.ID != "":
		return a.Is(delivery.VerdictDelivered)
	case a.OK():
		return a.WrongType("with an id as ntfy does")
	case e.Code == 40009, e.Code == 40010:
		return a.Is(delivery.VerdictRefused) // the topic is none, or not allowed
	case e.Code == 40014:
		return a.TooLarge() // a long message would be an attachment, and those are turned off
	case e.Code == 42908, e.Code == 42905:
		return a.Because(delivery.VerdictThrottled, "the day's allowance is used up")
	}
	return a.ByStatus()
}
