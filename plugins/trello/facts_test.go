package trello

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/connector/kinds"
)

// TestACardSaysWhatChangedAndFromWhat expects the facts that Zulip's integration reports
// for the same actions.
func TestACardSaysWhatChangedAndFromWhat(t *testing.T) {
	for _, test := range []struct{ is, action, want string }{
		{"an attachment leads to it", `"type":"addAttachmentToCard","data":{"card":{"name":"Parser"},"attachment":{"name":"log","url":"https://e.example/log"}}`, "Ada attached log to Parser | Attachment: [log](https://e.example/log)"},
		{"but not just anywhere", `"type":"addAttachmentToCard","data":{"card":{"name":"Parser"},"attachment":{"name":"log","url":"javascript:alert(1)"}}`, "Ada attached log to Parser"},
		{"a label has its colour and its name", `"type":"addLabelToCard","data":{"card":{"name":"Parser"},"label":{"name":"Bug","color":"red_dark"}}`, "Ada put the red dark label Bug on Parser"},
		{"or its colour only", `"type":"removeLabelFromCard","data":{"card":{"name":"Parser"},"label":{"name":"","color":"green"}}`, "Ada took the green label off Parser"},
		{"or its name only", `"type":"addLabelToCard","data":{"card":{"name":"Parser"},"label":{"name":"Bug","color":null}}`, "Ada put the label Bug on Parser"},
		{"a due date is set", `"type":"updateCard","data":{"card":{"name":"Parser","due":"2026-11-25T12:00:00.000Z"},"old":{"due":null}}`, "Ada set the due date of Parser | Due: Wed 25 Nov 2026, 12:00 UTC"},
		{"it is changed from another", `"type":"updateCard","data":{"card":{"name":"Parser","due":"2026-11-25T12:00:00.000Z"},"old":{"due":"2026-11-24T12:00:00.000Z"}}`, "Ada changed the due date of Parser | Due: Wed 25 Nov 2026, 12:00 UTC | Due before: Tue 24 Nov 2026, 12:00 UTC"},
		{"it is removed", `"type":"updateCard","data":{"card":{"name":"Parser","due":null},"old":{"due":"2026-11-24T12:00:00.000Z"}}`, "Ada removed the due date of Parser | Due before: Tue 24 Nov 2026, 12:00 UTC"},
		{"a description is Markdown", `"type":"updateCard","data":{"card":{"name":"Parser","desc":"# Plan\n\n- [notes](https://e.example/)\n\n<!-- x -->"},"old":{"desc":""}}`, "Ada described Parser | # Plan\n\n- [notes](https://e.example/)"},
		{"it is changed from another", `"type":"updateCard","data":{"card":{"name":"Parser","desc":"New"},"old":{"desc":"Old"}}`, "Ada changed the description of Parser | New | Before: Old"},
		{"it is removed", `"type":"updateCard","data":{"card":{"name":"Parser","desc":""},"old":{"desc":"Old"}}`, "Ada removed the description of Parser | Before: Old"},
		{"a comment is Markdown", `"type":"commentCard","data":{"card":{"name":"Parser"},"text":"**Done**:\n\n` + "```go\\nx\\n```" + `"}`, "Ada commented on Parser | **Done**:\n\n```go\nx\n```"},
		{"an edited one is shown as it is now", `"type":"updateComment","data":{"card":{"name":"Parser"},"action":{"text":"*New*"},"old":{"text":"Old"}}`, "Ada edited a comment on Parser | *New*"},
		{"a board has a new name", `"type":"updateBoard","data":{"board":{"name":"New"},"old":{"name":"Old"}}`, "Ada renamed the board Old to New"},
	} {
		e, ok := (&Trello{Choice: kinds.Choice{Kinds: []string{"*"}}}).event(parseAction(json.RawMessage(`{"id":"a1","memberCreator":{"fullName":"Ada"},` + test.action + `}`)))
		if got := connectortest.Said(e); !ok || got != test.want {
			t.Errorf("%s:\n%s\nwant:\n%s", test.is, got, test.want)
		}
	}
}

func TestHostileActionsGiveAHarmlessCard(t *testing.T) {
	for _, data := range []string{
		`{"card":{"name":"<at>all</at>","desc":"[x](mention:ada) <at>all</at> ` + "`<at>all</at>`" + ` ![p](javascript:x)` + strings.Repeat("[y](https://e.example/y) ", 4000) + `"},"old":{"desc":"<at>x</at>"}}`,
		`{"card":{"name":"CARD"},"label":{"name":"LABEL","color":"<at>red</at>"},"attachment":{"name":"[x](y)","url":"https://e.example/)` + strings.Repeat("x", 1<<16) + `"}}`,
	} {
		for _, typ := range []string{"updateCard", "addLabelToCard", "addAttachmentToCard"} {
			e, ok := (&Trello{Choice: kinds.Choice{Kinds: []string{"*"}}}).event(parseAction(json.RawMessage(`{"id":"a1","type":"` + typ + `","data":` + data + `}`)))
			if !ok {
				t.Fatalf("no card for %s", typ)
			}
			connectortest.Harmless(t, e)
			if b, err := e.Card.MarshalJSON(); err != nil || len(b) > 6000 {
				t.Errorf("%s gives a card of %d bytes, %v", typ, len(b), err)
			}
		}
	}
}
