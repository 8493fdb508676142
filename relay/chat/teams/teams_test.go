package teams_test

import (
	"encoding/json"
	"testing"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/chat/teams"
)

// teamsSays is how an Office 365 connector reports an error of Teams behind it.
func teamsSays(status string) string {
	return "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error " + status +
		" with ContextId tcid=385194272617051900,server=BL2PEPF000001C8,cv=wUmM9kBhpkiOZnT3ZEwhdg.0.."
}

// logicApps is an error as Workflows answer it.
func logicApps(code, text string) string {
	b, err := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": text}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestAFlowsAnswers holds every documented answer, and those that people have met.
func TestAFlowsAnswers(t *testing.T) {
	chattest.Answers(t, teams.System().Forms[0], []chattest.Row{
		{Status: 202, Body: "", Want: chattest.Accepted},
		{Status: 200, Body: "", Want: chattest.Accepted},
		{Status: 200, Body: teamsSays("429"), Want: chattest.Throttled},
		{Status: 400, Body: logicApps("InvalidRequestContent", "The request content is not valid."), Want: chattest.Rejected, Detail: "400 Bad Request: InvalidRequestContent: The request content is not valid."},
		{Status: 400, Body: logicApps("MessageSizeExceeded", "28897 bytes, max 28672"), Want: chattest.Rejected, Large: true},
		{Status: 400, Body: logicApps("WorkflowTriggerIsNotEnabled", "Could not execute workflow."), Want: chattest.Refused, Detail: "the flow is turned off"},
		{Status: 400, Body: logicApps("TriggerInputSchemaMismatch", "The input body for trigger 'manual' did not match its schema."), Want: chattest.Refused, Detail: "another payload"},
		{Status: 400, Body: logicApps("MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."), Want: chattest.Refused, Detail: "the URL is incomplete"},
		{Status: 401, Body: logicApps("DirectApiAuthorizationRequired", "The request must be authenticated only by Shared Access scheme."), Want: chattest.Refused},
		{Status: 403, Want: chattest.Refused},
		{Status: 404, Body: logicApps("WorkflowNotFound", "The workflow could not be found."), Want: chattest.Refused},
		{Status: 408, Want: chattest.Failed},
		{Status: 410, Want: chattest.Refused},
		{Status: 413, Want: chattest.Rejected, Large: true},
		{Status: 429, Body: `{"statusCode": 429, "message": "Rate limit is exceeded."}`, Want: chattest.Throttled, Detail: "429 Too Many Requests: Rate limit is exceeded."},
		{Status: 500, Want: chattest.Failed},
		{Status: 502, Body: logicApps("NoResponse", "The server did not receive a response."), Want: chattest.Failed},
		{Status: 504, Want: chattest.Failed},
	})
}
