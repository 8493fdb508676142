package office365_test

import (
	"testing"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/office365"
)

// teamsSays is how an Office 365 connector reports an error of Teams behind it.
func teamsSays(status string) string {
	return "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error " + status +
		" with ContextId tcid=385194272617051900,server=BL2PEPF000001C8,cv=wUmM9kBhpkiOZnT3ZEwhdg.0.."
}

// TestAConnectorsAnswers holds every documented answer, and those that people have met.
func TestAConnectorsAnswers(t *testing.T) {
	chattest.Answers(t, office365.System().Forms[0], []chattest.Row{
		{Status: 200, Body: "1", Want: chattest.Delivered},
		{Status: 200, Body: " 1\r\n", Want: chattest.Delivered},
		{Status: 200, Body: teamsSays("400"), Want: chattest.Rejected, Detail: "HTTP error 400"},
		{Status: 200, Body: teamsSays("401"), Want: chattest.Refused},
		{Status: 200, Body: teamsSays("403"), Want: chattest.Refused},
		{Status: 200, Body: teamsSays("404"), Want: chattest.Refused},
		{Status: 200, Body: teamsSays("408"), Want: chattest.Failed},
		{Status: 200, Body: teamsSays("410"), Want: chattest.Refused},
		{Status: 200, Body: teamsSays("412"), Want: chattest.Failed},
		{Status: 200, Body: teamsSays("413"), Want: chattest.Rejected, Large: true},
		{Status: 200, Body: teamsSays("429"), Want: chattest.Throttled, Detail: "HTTP error 429"},
		{Status: 200, Body: teamsSays("500"), Want: chattest.Failed},
		{Status: 200, Body: teamsSays("503"), Want: chattest.Failed},
		{Status: 200, Body: teamsSays("4290"), Want: chattest.Failed},
		{Status: 200, Body: "Webhook message delivery failed with error: A task was canceled.", Want: chattest.Failed},
		{Status: 200, Body: "Summary or Text is required.", Want: chattest.Rejected},
		{Status: 200, Body: "Bad payload received by generic incoming webhook.", Want: chattest.Rejected},
		{Status: 200, Body: "Message size is too large", Want: chattest.Rejected, Large: true},
		{Status: 200, Body: "", Want: chattest.Refused, Detail: "is the channel's type right?"},
		{Status: 200, Body: "ok", Want: chattest.Refused, Detail: "200 OK: ok"},
		{Status: 200, Body: "11", Want: chattest.Refused},
		{Status: 200, Body: "<html><head><title>Sign in</title>", Want: chattest.Refused, Detail: `a web page titled "Sign in"`},
		{Status: 202, Body: "", Want: chattest.Accepted},
		{Status: 400, Body: "Summary or Text is required.", Want: chattest.Rejected, Detail: "400 Bad Request: Summary or Text is required."},
		{Status: 400, Body: "Webhook Bad Request - Request entity too large", Want: chattest.Rejected, Large: true},
		{Status: 404, Body: "", Want: chattest.Refused, Detail: "404 Not Found"},
		{Status: 410, Body: "", Want: chattest.Refused},
		{Status: 413, Body: "", Want: chattest.Rejected, Large: true},
		{Status: 429, Body: "", Want: chattest.Throttled},
		{Status: 502, Body: "", Want: chattest.Failed},
	})
}
