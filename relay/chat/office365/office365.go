// Package office365 is Microsoft's Office 365 connectors, which took Connector Cards.
package office365

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/connectorcard"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// System returns Office 365 connectors, and what answers in their place.
func System() chat.System {
	form := Form()
	form.Read = read
	return chat.System{
		Name: "office365", Summary: "An Office 365 connector, or what answers as one did. Microsoft's own are retired.",
		Settings: []chat.Setting{chat.URL()},
		Forms:    []chat.Form{form},
		Rate: chat.Rate{
			PerSecond: 1.9, Burst: 2,
			Source: "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using: " +
				"4 in a second and 60 in half a minute; the longer windows are left to throttling",
		},
		Retired: retired,
	}
}

// Form returns a Connector Card as Office 365 connectors took it; what reads the answer
// is for the caller to add.
func Form() chat.Form {
	const reference = "https://learn.microsoft.com/outlook/actionable-messages/message-card-reference"
	return connectorcard.Form(connectorcard.Flavour(), false, size.Limits{
		size.Bytes.AtMost(20_000, "documented 28 KB, but counted after expansion: 24,453 bytes were refused as 28,897 (msteams-docs#11274)"),
		size.Sections.AtMost(10, reference+"; Teams drops more without a word"),
		size.SectionImages.AtMost(5, "Teams cards reference; Teams drops more without a word"),
		size.SectionActions.AtMost(4, reference),
		size.AddressLength.AtMost(8_000, "none documented; a longer one would crowd out the card"),
	})
}

// retired recognises the connectors' own addresses, which were switched off in May 2026.
func retired(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	old := (host == "outlook.office.com" || host == "outlook.office365.com") && strings.HasPrefix(u.Path, "/webhook")
	if !old && host != "webhook.office.com" && !strings.HasSuffix(host, ".webhook.office.com") {
		return ""
	}
	return "Microsoft has retired the Office 365 connectors' addresses, such as those at webhook.office.com; cards sent there do not arrive. " +
		"Make a webhook with the Workflows app in Teams, and use its URL with type = \"teams\"."
}

// failedWith is how Office 365 connectors report, with status 200, that Teams did
// not take a card; the code follows (msteams-docs#402, #4145, #7425).
const failedWith = "returned HTTP error "

// Embedded reads an answer that claims success and has the status of an error in its
// body; found is false for any other.
func Embedded(a answer.Answer) (r answer.Reading, found bool) {
	_, rest, found := strings.Cut(string(a.Body), failedWith)
	if !found || len(rest) < 3 || len(rest) > 3 && rest[3] >= '0' && rest[3] <= '9' {
		return answer.Reading{}, false
	}
	status, err := strconv.Atoi(rest[:3])
	if err != nil || status < 100 {
		return answer.Reading{}, false
	}
	r = a.As(status)
	r.Detail = strings.TrimSpace(string(a.Body))
	return r, true
}

// read reads the answer of an Office 365 connector or incoming webhook:
// success is status 200 with the number of cards it posted, which is 1, and errors
// come with status 200 too (msteams-docs#9698). For some days of 2023 it answered
// with how .NET writes a response down instead (go-teams-notify#197).
func read(a answer.Answer) answer.Reading {
	if !a.OK() {
		return a.ByStatus()
	}
	text := strings.TrimSpace(string(a.Body))
	embedded, found := Embedded(a)
	switch {
	case isCount(text) && a.Complete, dotNetSuccess(a):
		return a.Is(delivery.VerdictDelivered)
	case found:
		return embedded
	case !a.Complete:
		return a.Because(delivery.VerdictUnknown, "the answer broke off")
	case a.Status == http.StatusAccepted && text == "":
		return a.Is(delivery.VerdictAccepted) // a Workflow, or what replaces it, at the old kind of address
	case strings.Contains(text, "delivery failed with error"):
		return a.Is(delivery.VerdictFailed)
	case strings.Contains(text, "Summary or Text is required"), strings.Contains(text, "Bad payload received"):
		return a.Is(delivery.VerdictRejected)
	case a.SaysTooLarge() && !a.Page():
		return a.TooLarge()
	}
	return a.WrongType(`"1" as an Office 365 webhook does`)
}

func dotNetSuccess(a answer.Answer) bool {
	var e struct {
		Status  int  `json:"statusCode"`
		Success bool `json:"isSuccessStatusCode"`
	}
	a.Decode(&e)
	return e.Success && e.Status == http.StatusOK
}

// isCount reports whether a text is a small number above 0.
func isCount(text string) bool {
	n, err := strconv.ParseUint(text, 10, 8)
	return err == nil && n > 0 && n < 10
}
