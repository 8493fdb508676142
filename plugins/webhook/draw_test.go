package webhook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/markup"
)

// seen is what a person sees of a card, as lines of plain text in reading order.
func seen(c card.Card) []string {
	var lines []string
	parser := markup.NewParser()
	say := func(prefix, s string) {
		if s = strings.TrimSpace(markup.PlainText().Write(parser.Parse(s, nil))); s != "" {
			lines = append(lines, strings.Split(prefix+s, "\n")...)
		}
	}
	actions := func(list []card.Action) {
		for _, a := range list {
			lines = append(lines, "["+a.Name+"] "+a.URL())
		}
	}
	say("# ", c.Title)
	say("", c.Text)
	for _, s := range c.Sections {
		say("## ", s.Title)
		if s.ActivityImage != "" {
			lines = append(lines, "(picture) "+s.ActivityImage)
		}
		say("", s.ActivityTitle)
		say("", s.ActivitySubtitle)
		say("", s.ActivityText)
		say("", s.Text)
		for _, f := range s.Facts {
			say(f.Name+" = ", f.Value)
		}
		if s.HeroImage != nil {
			lines = append(lines, "(picture) "+s.HeroImage.URL)
		}
		for _, i := range s.Images {
			lines = append(lines, "(picture) "+i.URL)
		}
		actions(s.Actions)
	}
	actions(c.Actions)
	return lines
}

// attached is an envelope with these attachments.
func attached(attachments string) string {
	return `{"type": "message", "attachments": [` + attachments + `]}`
}

// shown is an envelope with an Adaptive Card of these elements.
func shown(elements string) string {
	return attached(`{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [` + elements + `]}}`)
}

func text(s string) string { return `{"type": "TextBlock", "text": "` + s + `"}` }

func column(texts ...string) string {
	items := make([]string, len(texts))
	for i, s := range texts {
		items[i] = text(s)
	}
	return `{"type": "Column", "items": [` + strings.Join(items, ", ") + `]}`
}

func columns(list ...string) string {
	return `{"type": "ColumnSet", "columns": [` + strings.Join(list, ", ") + `]}`
}

func bot(kind, content string) string {
	return attached(`{"contentType": "application/vnd.microsoft.card.` + kind + `", "content": ` + content + `}`)
}

// TestWhatSendersMeanIsShown says of each payload in words what a person is to see.
func TestWhatSendersMeanIsShown(t *testing.T) {
	tests := []struct {
		name, body, kind string
		want             []string
	}{
		{
			"a channel makes a text Slack's", `{"channel": "#ops", "text": "*now* <https://ci.example/1|log> :tada:"}`, acceptSlack,
			[]string{"now log (https://ci.example/1) 🎉"},
		},
		{
			"so do a name and an emoji", `{"username": "bot", "icon_emoji": ":ghost:", "text": "a ~b~ &lt;c&gt;"}`, acceptSlack,
			[]string{"👻 bot", "a b <c>"},
		},
		{
			"rich text as Slack's editor makes it", `{"blocks": [{"type": "rich_text", "elements": [` +
				`{"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U1"}, {"type": "text", "text": " set ", "style": {"code": true}}, {"type": "color", "value": "#ff0000"}]},` +
				`{"type": "rich_text_quote", "elements": [{"type": "text", "text": "why?"}]},` +
				`{"type": "rich_text_list", "style": "ordered", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]}]}]}]}`, acceptSlack,
			[]string{"@U1 set #ff0000", "", "why?", "", "1. first"},
		},
		{
			"an attachment of Rocket.Chat", `{"alias": "CI", "attachments": [{"title": "T", "ts": "2026-01-02T03:04:05Z", "text": "**b**"}]}`, acceptSlack,
			[]string{"CI", "## T", "b", "", "2026-01-02 03:04 UTC"},
		},
		{"a mail to nobody is its label", `{"mrkdwn": true, "text": "ask <mailto:|us>"}`, acceptSlack, []string{"ask us"}},
		{"so does mrkdwn", `{"mrkdwn": true, "text": "*a*"}`, acceptSlack, []string{"a"}},
		{"so does a link between angle brackets", `{"text": "see <https://e.example/|this>"}`, acceptSlack, []string{"see this (https://e.example/)"}},
		{"so does a call", `{"text": "<!channel> *look*"}`, acceptSlack, []string{"@channel look"}},
		{"a card with a title is none", `{"title": "T", "username": "x", "text": "*a* <b>c</b>"}`, acceptCard, []string{"# T", "a c"}},
		{"HTML is none", `{"text": "a <b>c</b> <https://e.example/>"}`, acceptCard, []string{"a c https://e.example/"}},
		{
			"Mattermost's text is Markdown", `{"username": "ci", "text": "#### Head **b**\n<!here> see\n\n| A | B |\n|:--|:-:|\n| 1 | :white_check_mark: |", "props": {"card": "x"}}`, acceptSlack,
			[]string{"ci", "Head b", "", "@here see", "", "A  B", "-  -", "1  ✅"},
		},
		{
			"Rocket.Chat's alias, avatar and times", `{"alias": "Bot", "avatar": "https://e.example/b.png", "text": "**b** <https://e.example/|x>", "attachments": [{"title": "T", "text": "- a\n- b", "ts": "2026-11-25T10:00:00.000Z"}]}`, acceptSlack,
			[]string{"(picture) https://e.example/b.png", "Bot", "b x (https://e.example/)", "## T", "- a", "- b", "", "2026-11-25 10:00 UTC"},
		},
		{
			"Slack's tables", `{"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "Name"}, {"type": "raw_text", "text": "A|B"}], [{"type": "raw_text", "text": "x"}, {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "link", "url": "https://e.example/", "text": "y"}]}]}]]}]}`, acceptSlack,
			[]string{"Name | A|B", "x | y (https://e.example/)"},
		},
		{
			"dates, as their sender wrote them", `{"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "date", "timestamp": 1764061200, "format": "{date_num}", "fallback": "on Tuesday"}]}]}, {"type": "section", "text": {"type": "mrkdwn", "text": "<!date^1764061200^{date_num} at {time}^https://e.example/|that day>"}}]}`, acceptSlack,
			[]string{"on Tuesday", "", "that day (https://e.example/)"},
		},
		{
			"dates without words", `{"text": "<!date^1764061200^on {date_num} at {time}>"}`, acceptSlack,
			[]string{"on 2025-11-25 at 09:00 UTC"},
		},
		{
			"what no chat system has is named", `{"blocks": [{"type": "section", "text": {"type": "plain_text", "text": "a"}}, {"type": "call", "call_id": "R1"}]}`, acceptSlack,
			[]string{"a", "Not possible here: call"},
		},
		{
			"hero cards", bot("hero", `{"title": "T", "subtitle": "S", "text": "an <b>x</b>", "images": [{"url": "https://e.example/m.png"}], "buttons": [{"type": "openUrl", "title": "Go", "value": "https://e.example/"}, {"type": "imBack", "title": "Say"}, {"type": "call", "title": "Ring", "value": "+4930"}]}`), acceptCard,
			[]string{"# T", "S", "", "an x", "(picture) https://e.example/m.png", "[Go] https://e.example/", "Ring: tel:+4930", "Not possible here: Say"},
		},
		{
			"receipts", bot("receipt", `{"title": "Ada", "facts": [{"key": "Order", "value": "12"}], "items": [{"title": "Data", "price": "$ 3", "quantity": "2"}], "tax": "$ 1", "total": "$ 4"}`), acceptCard,
			[]string{"# Ada", "Order = 12", "Data = 2 × $ 3", "Tax = $ 1", "Total = $ 4"},
		},
		{
			"films", bot("video", `{"title": "T", "image": {"url": "https://e.example/p.png"}, "media": [{"url": "https://e.example/v.mp4"}]}`), acceptCard,
			[]string{"# T", "(picture) https://e.example/p.png", "[Play] https://e.example/v.mp4"},
		},
		{"signing in", bot("signin", `{"text": "Please", "buttons": [{"type": "signin", "title": "Sign in", "value": "https://e.example/s"}]}`), acceptCard, []string{"Please", "[Sign in] https://e.example/s"}},
		{
			"lists", attached(`{"contentType": "application/vnd.microsoft.teams.card.list", "content": {"title": "T", "items": [{"type": "section", "title": "New"}, {"type": "resultItem", "title": "Report", "subtitle": "by Ada", "tap": {"type": "openUrl", "value": "https://e.example/r"}}]}}`), acceptCard,
			[]string{"# T", "## New", "Report = by Ada", "[Report] https://e.example/r"},
		},
		{
			"pictures and files beside a card", attached(`{"contentType": "image/png", "contentUrl": "https://e.example/a.png"}, {"contentType": "application/pdf", "contentUrl": "https://e.example/b.pdf", "name": "b.pdf"}`), acceptCard,
			[]string{"(picture) https://e.example/a.png", "[b.pdf] https://e.example/b.pdf"},
		},
		{"an attachment that is no list", `{"type": "message", "attachments": {"contentType": "application/vnd.microsoft.card.hero", "content": {"text": "one"}}}`, acceptCard, []string{"one"}},
		{"columns that are a table", shown(columns(column("Name", "web"), column("Ready", "yes"), column("Age", "3d"))), acceptAdaptive, []string{"Name  Ready  Age", "----  -----  ---", "web   yes    3d"}},
		{
			"columns of which each is a line of a table", shown(columns(column("Name"), column("Ready"), column("Age")) + ", " + columns(column("web"), column("yes"), column("3d"))), acceptAdaptive,
			[]string{"Name  Ready  Age", "----  -----  ---", "web   yes    3d"},
		},
		{"pages of a carousel", shown(`{"type": "Carousel", "pages": [{"type": "CarouselPage", "items": [` + text("one") + `]}, {"items": [` + text("two") + `]}]}`), acceptAdaptive, []string{"one", "", "two"}},
		{"what nobody can make visible is named", shown(text("a") + `, {"type": "Container", "id": "c", "isVisible": false, "items": [` + text("the log") + `]}`), acceptAdaptive, []string{"a", "Hidden in this card: the log"}},
		{
			"what a button makes visible is shown", shown(text("a") + `, {"type": "Container", "id": "c", "isVisible": false, "items": [` + text("the log") + `]}, {"type": "ActionSet", "actions": [{"type": "Action.ToggleVisibility", "targetElements": ["c"]}]}`), acceptAdaptive,
			[]string{"a", "", "the log"},
		},
		{"a first line in bold is the title", shown(text("**Backup**") + ", " + columns(`{"items": [{"type": "Image", "url": "https://e.example/f.png"}]}`, column("Footer"))), acceptAdaptive, []string{"# Backup", "(picture) https://e.example/f.png", "Footer"}},
		{
			"addresses that no button may have", `{"title": "T", "text": "x", "potentialAction": [{"@type": "OpenUri", "name": "Mail", "targets": [{"os": "default", "uri": "mailto:a@e.example"}]}, {"@type": "OpenUri", "name": "Ring", "targets": [{"os": "default", "uri": "tel:+4930"}]}, {"@type": "OpenUri", "name": "Run", "targets": [{"os": "default", "uri": "javascript:x()"}]}]}`, acceptCard,
			[]string{"# T", "x", "Mail (a@e.example)", "", "Ring: tel:+4930", "", "Not possible here: Run"},
		},
		{
			"actions that lead nowhere", `{"title": "T", "text": "x", "potentialAction": [{"@type": "OpenUri", "name": "Book", "targets": []}, {"@type": "Frob", "name": "Frob"}]}`, acceptCard,
			[]string{"# T", "x", "Not possible here: Book, Frob"},
		},
		{"an address beside the targets", `{"title": "T", "text": "x", "potentialAction": [{"@type": "OpenUri", "name": "Go", "uri": "https://e.example/"}]}`, acceptCard, []string{"# T", "x", "[Go] https://e.example/"}},
		{"pictures that are addresses only", `{"title": "T", "sections": [{"heroImage": "https://e.example/h.png", "images": ["https://e.example/1.png"]}]}`, acceptCard, []string{"# T", "(picture) https://e.example/h.png", "(picture) https://e.example/1.png"}},
		{"pictures that cannot be shown", `{"title": "T", "sections": [{"images": [{"image": "C:\\logo.png", "title": "Logo"}]}]}`, acceptCard, []string{"# T", "Not possible here: picture Logo"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := receive(t, &Webhook{}, post(test.body))
			if reply.Status >= http.StatusBadRequest || len(reply.Events) != 1 {
				t.Fatalf("answered %d %q with %d events", reply.Status, reply.Body, len(reply.Events))
			}
			e := reply.Events[0]
			if e.Kind != test.kind {
				t.Errorf("it is taken for %q, not %q", e.Kind, test.kind)
			}
			if diff := cmp.Diff(test.want, seen(e.Card)); diff != "" {
				t.Errorf("what a person sees (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTextBesideACardStaysWithIt, also in the card that Teams gets as it came, and so do
// pictures.
func TestTextBesideACardStaysWithIt(t *testing.T) {
	one := `{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "body": [` + text("inner") + `]}}`
	reply := receive(t, &Webhook{}, post(`{"type": "message", "text": "outer", "summary": "short", "attachments": [`+one+`, {"contentType": "image/png", "contentUrl": "https://e.example/a.png"}, `+one+`]}`))
	if len(reply.Events) != 2 {
		t.Fatalf("%d events: %s", len(reply.Events), reply.Body)
	}
	if diff := cmp.Diff([]string{"outer", "", "inner", "(picture) https://e.example/a.png"}, seen(reply.Events[0].Card)); diff != "" {
		t.Errorf("the first card (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"inner"}, seen(reply.Events[1].Card)); diff != "" {
		t.Errorf("the second card (-want +got):\n%s", diff)
	}
	for _, want := range []string{"outer", "inner", "https://e.example/a.png"} {
		if original := string(reply.Events[0].Card.Adaptive); !strings.Contains(original, want) {
			t.Errorf("%q is missing in %s", want, original)
		}
	}
	if got := reply.Events[0].Card.Summary; got != "short" {
		t.Errorf("the summary is %q", got)
	}
}

// TestABrokenInputCostsNoMoreThanItself: the form keeps its other inputs, and its links.
func TestABrokenInputCostsNoMoreThanItself(t *testing.T) {
	reply := receive(t, &Webhook{}, post(`{"text": "x", "potentialAction": [{"@type": "ActionCard", "name": "Form",
		"inputs": [{"@type": "SliderInput", "id": "a"}, {"@type": "TextInput", "id": "b"}],
		"actions": [{"@type": "OpenUri", "name": "Go", "targets": [{"os": "default", "uri": "https://e.example/"}]}, {"@type": "Frob", "name": "Frob"}]}]}`))
	if len(reply.Events) != 1 {
		t.Fatalf("answered %d %s", reply.Status, reply.Body)
	}
	c := reply.Events[0].Card
	if len(c.Actions) != 1 || len(c.Actions[0].Inputs) != 1 || len(c.Actions[0].Actions) != 1 {
		t.Errorf("what is left: %+v", c.Actions)
	}
	if diff := cmp.Diff([]string{"x", "Not possible here: Frob", "[Form] "}, seen(c)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
