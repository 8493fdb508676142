package webhook

import (
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of an application of one's own by its status, as
// https://www.standardwebhooks.com says, unless it says no in so many words, or is
// a page: that comes from a sign-in, a portal or a proxy in front of the application.
func read(a answer.Answer) answer.Reading {
	switch {
	case !a.OK():
		return a.ByStatus()
	case a.Page():
		return a.Because(delivery.VerdictRefused, "something answers with a web page in place of the application; if the application does, "+
			"set the channel's answer to a part of the page")
	case !a.Complete && a.HTML():
		return a.Because(delivery.VerdictUnknown, "the answer broke off")
	case a.Claims() == answer.No:
		return a.SaysNo()
	}
	return a.Is(delivery.VerdictDelivered)
}
