package teams

import (
	"net/http"
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/office365"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of a Workflow. Made from its template, it answers before the card
// is posted: 202 and nothing more, whatever the flow does with the card
// (https://learn.microsoft.com/connectors/teams, "When a Teams webhook request is
// received").
//
// A flow whose author has added a Response action says whatever the author wrote
// (notify-microsoft-teams#98), so its words count when they clearly say that all went
// well. For other words, the channel must set answer.
func read(a answer.Answer) answer.Reading {
	if !a.OK() {
		if a.Status == http.StatusBadRequest {
			if why := flowAtFault(a.Body); why != "" {
				return a.Because(delivery.VerdictRefused, why)
			}
		}
		return a.ByStatus()
	}
	if r, found := office365.Embedded(a); found {
		return r
	}
	if !a.Complete {
		return a.WrongType("nothing")
	}
	switch a.Claims() {
	case answer.Yes:
		return a.Is(delivery.VerdictAccepted)
	case answer.No:
		return a.SaysNo()
	}
	switch text := strings.TrimSpace(string(a.Body)); {
	case text == "", text == "{}":
		return a.Is(delivery.VerdictAccepted)
	case a.Page():
		return a.Because(delivery.VerdictRefused, "something answers with a web page instead of the flow")
	}
	return a.Because(delivery.VerdictRefused, "a flow answers nothing, or what its Response action says; if this means that the card was posted, "+
		"set the channel's answer to a part of it")
}

// flowAtFault says what is wrong with the flow or its URL when that, and not the
// card, is why a request is bad. The codes are those of Azure Logic Apps, on which
// Workflows run.
func flowAtFault(body []byte) string {
	text := string(body)
	switch {
	case strings.Contains(text, "WorkflowTriggerIsNotEnabled"):
		return "the flow is turned off; turn it on in Power Automate"
	case strings.Contains(text, "TriggerInputSchemaMismatch"):
		return "the flow wants another payload; change the channel's payload"
	case strings.Contains(text, "ApiVersionParameter"):
		return "the URL is incomplete: its api-version is missing or wrong; copy it again"
	}
	return ""
}
