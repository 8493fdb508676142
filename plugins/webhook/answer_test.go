package webhook

import (
	"encoding/json"
	"strings"
	"testing"

	goteamsnotify "github.com/atc0005/go-teams-notify/v2"
)

// sentence is what an answer says is wrong, without the service's own words.
func sentence(body string) string {
	var workflow struct{ Error struct{ Message string } }
	if json.Unmarshal([]byte(body), &workflow) == nil && workflow.Error.Message != "" {
		return workflow.Error.Message
	}
	for _, words := range []string{"Bad payload received by generic incoming webhook. ", "invalid_payload: ", "no_text: "} {
		body = strings.TrimPrefix(body, words)
	}
	return body
}

func TestAHookAnswersAsTheServiceWhosePayloadItIsGiven(t *testing.T) {
	const (
		adaptive = `{"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "a"}]}`
		envelope = `{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": ` + adaptive + `}]}`
		wrapped  = `{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.teams.card.o365connector", "content": {"text": "a"}}]}`
		plain    = "text/plain; charset=utf-8"
		asJSON   = "application/json; charset=utf-8"
	)
	tests := []struct {
		name   string
		hook   *Webhook
		body   string
		status int
		typ    string
		want   string
	}{
		{"a text", &Webhook{}, `{"text": "a"}`, 200, plain, "1"},
		{"a Connector Card", &Webhook{}, `{"@type": "MessageCard", "text": "a"}`, 200, plain, "1"},
		{"an envelope", &Webhook{}, envelope, 202, plain, "1"},
		{"a Connector Card in an envelope", &Webhook{}, wrapped, 202, plain, "1"},
		{"a bare Adaptive Card", &Webhook{}, adaptive, 202, plain, "1"},
		{"a Slack payload", &Webhook{}, `{"attachments": [{"text": "a"}]}`, 200, plain, "ok"},
		{"a text that is Slack's by the configuration", &Webhook{Accept: acceptSlack}, `{"text": "a"}`, 200, plain, "ok"},
		{"any JSON", &Webhook{Accept: acceptJSON}, `{"status": "firing"}`, 200, plain, "1"},
		{"a list", &Webhook{Accept: acceptJSON}, `[1]`, 200, plain, "1"},
		{"a Slack payload as any JSON", &Webhook{Accept: acceptJSON}, `{"blocks": [{"type": "divider"}]}`, 200, plain, "ok"},
		{"an envelope as any JSON", &Webhook{Accept: acceptJSON}, envelope, 202, plain, "1"},
		{"an envelope, but as the retired connectors", &Webhook{Answer: acceptCard}, envelope, 200, plain, "1"},
		{"a text, but as Workflows", &Webhook{Answer: acceptAdaptive}, `{"text": "a"}`, 202, plain, "1"},
		{"a Connector Card, but as Slack", &Webhook{Answer: acceptSlack}, `{"text": "a"}`, 200, plain, "ok"},
		{"an empty card", &Webhook{}, `{}`, 400, plain, "Summary or Text is required."},
		{"a list of cards", &Webhook{}, `[{}]`, 400, plain, `Bad payload received by generic incoming webhook. The body must be a JSON object, such as {"text": "Hello"}.`},
		{"an envelope of nothing", &Webhook{}, `{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive"}]}`, 400, asJSON, `{"error":{"code":"InvalidRequestContent","message":"attachments[0]: The content must be a card, a JSON object."}}`},
		{"an Adaptive Card that shows nothing", &Webhook{}, `{"type": "AdaptiveCard"}`, 400, asJSON, `{"error":{"code":"TriggerInputSchemaMismatch","message":"` + strings.ReplaceAll(string(errNothing), `"`, `\"`) + `"}}`},
		{"Slack's blocks, empty", &Webhook{}, `{"blocks": [{"type": "divider"}]}`, 400, plain, "no_text: The payload shows nothing; it needs a text, blocks or attachments."},
		{"a broken Slack payload", &Webhook{}, `{"attachments": [`, 400, plain, "invalid_payload: The body is not JSON: line 1, column 18: it ends too early."},
		{"a broken envelope", &Webhook{}, `{"attachments": [{"contentType": "application/vnd.microsoft.card.adaptive"`, 400, asJSON, `{"error":{"code":"InvalidRequestContent","message":"The body is not JSON: line 1, column 75: it ends too early."}}`},
		{"a broken payload, but as Slack", &Webhook{Answer: acceptSlack}, `{"text": `, 400, plain, "invalid_payload: The body is not JSON: line 1, column 9: it ends too early."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := receive(t, test.hook, post(test.body))
			if typ := reply.Header.Get("Content-Type"); reply.Status != test.status || typ != test.typ || string(reply.Body) != test.want {
				t.Errorf("answered %d %s\n%s\nnot %d %s\n%s", reply.Status, typ, reply.Body, test.status, test.typ, test.want)
			}
		})
	}
}

// TestAHookURLCanLookLikeOneOfTeams: what the README says to put behind the token passes
// the check of a client that looks at URLs.
func TestAHookURLCanLookLikeOneOfTeams(t *testing.T) {
	const hook = "https://relay.example.com/hooks/jjvTFSfIgxMl99lCOzgxsUyBHouSSZtB"
	client := goteamsnotify.NewTeamsClient()
	if client.ValidateWebhook(hook) == nil {
		t.Error("go-teams-notify takes any URL, and this test shows nothing")
	}
	if err := client.ValidateWebhook(hook + "/x.webhook.office.com"); err != nil {
		t.Error(err)
	}
}
