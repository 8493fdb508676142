package office365

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

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
