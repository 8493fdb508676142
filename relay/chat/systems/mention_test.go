package systems_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/markup"
)

// grammar is how a chat system finds those whom a payload calls.
type grammar struct {
	// calls are what calls somebody in any text of a payload.
	calls []*regexp.Regexp
	// read is what of a text is looked at; nil means all of it.
	read func(string) string
	// members are those of a payload that call by themselves.
	members []string
}

// grammars are what the chat systems' own readers look for.
func grammars() map[string]grammar {
	list := func(expressions ...string) (all []*regexp.Regexp) {
		for _, e := range expressions {
			all = append(all, regexp.MustCompile(e))
		}
		return all
	}
	return map[string]grammar{
		// zulip/zulip, zerver/lib/mention.py: MENTIONS_RE and USER_GROUP_MENTIONS_RE after
		// BEFORE_MENTION_ALLOWED_REGEX; zerver/lib/markdown: STREAM_LINK_REGEX. In code as
		// well, because what is code is decided by rules of its own.
		"zulip": {calls: list(`(^|[\s'"({\[/<])@_?\*\*?[^*]+\*`, `#\*\*[^*]+\*\*`)},
		// https://docs.slack.dev/messaging/formatting-message-text#advanced, and the
		// elements of rich_text.
		"slack": {calls: list(`<[@!#][^>]*>`), members: []string{"user_id", "usergroup_id", "channel_id", "range"}},
		// https://discord.com/developers/docs/reference#message-formatting; content is all
		// that calls.
		"discord": {members: []string{"content", "users", "roles"}},
		// mattermost, server/channels/app/notification.go looks at the text nodes of the
		// Markdown; before, incoming webhooks read Slack's form.
		"mattermost": {calls: list(`(^|[^\p{L}\p{N}])@(all|channel|here|bob)\b`, `<!(channel|here|all)`, `<@\w`), read: onlyText},
		// RocketChat, apps/meteor/app/mentions: after the start, space or ">".
		"rocketchat": {calls: list(`(^|\s|>)@(all|here)\b`)},
		// https://developers.google.com/workspace/chat/format-messages#messages-@mention
		"googlechat": {calls: list(`<users/[^>]*>`)},
		// https://developer.webex.com/docs/basics#formatting-messages
		"webex": {calls: list(`<@(all|personId|personEmail|groupMention)`)},
		// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format#mention-support-within-adaptive-cards
		"teams": {calls: list(`</?at>`, `\{\{`), members: []string{"entities"}},
		// https://spec.matrix.org/latest/client-server-api/#user-and-room-mentions
		"matrix": {calls: list(`@room`, `href="https?://matrix\.to/`), members: []string{"user_ids", "room"}},
		// Nobody is called there.
		"ntfy": {},
	}
}

// onlyText is a text's text, without its code.
func onlyText(s string) string {
	var b strings.Builder
	markup.NewParser().Parse(s, nil).Walk(func(n markup.Inline) {
		if n.Kind == markup.Plain {
			b.WriteString(n.Text + "\n")
		}
	})
	return b.String()
}

// calling returns who is called by a payload, as the chat system would find them.
func (g grammar) calling(t *rapid.T, p chat.Payload) (found []string) {
	look := func(s string) {
		if g.read != nil {
			s = g.read(s)
		}
		for _, call := range g.calls {
			if at := call.FindString(s); at != "" {
				found = append(found, fmt.Sprintf("%q in %q", at, s))
			}
		}
	}
	if !strings.HasPrefix(p.ContentType, "application/json") {
		form, err := url.ParseQuery(string(p.Body))
		if err != nil {
			t.Fatal(err)
		}
		look(form.Get("content"))
		return found
	}
	var body any
	if err := json.Unmarshal(p.Body, &body); err != nil {
		t.Fatal(err)
	}
	var walk func(v any, rich bool)
	walk = func(v any, rich bool) {
		switch v := v.(type) {
		case string:
			if !rich {
				look(v)
			}
		case []any:
			for _, inner := range v {
				walk(inner, rich)
			}
		case map[string]any:
			for _, name := range g.members {
				if _, is := v[name]; is {
					found = append(found, name)
				}
			}
			kind, _ := v["type"].(string)
			for name, inner := range v {
				// What rich_text holds is data, and so is the text that stands for a picture.
				walk(inner, rich || strings.HasPrefix(kind, "rich_text") || name == "alt_text")
			}
		}
	}
	walk(body, false)
	return found
}

// triggers are pieces of which mentions are made, in one dialect or another, once they
// stand side by side.
func triggers() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"@", "@_", "all", "bob", "here", "channel", "room", "everyone", "@all", "@room", "@here", "@**all**", "@*group*", "#**general**", "#",
		"**all**", "*all*", "__all__", "**", "*", "_", "~~", "<b>all</b>", "<", ">", "<!", "!channel>", "<!channel>", "<!here|x>", "<@U123>", "<@", "<at>", "at>", "</at>", "<AT>x</AT>", "users/all>", "<users/all>",
		"<@all>", "@all>", "personEmail:a@b.c>", "[@](mention:x)", "[!channel>](mention:x)", "[all](mention:x)", "[**all**](mention:x)", "[x](mention:all)", "[@](https://e.example/)", "https://e.example/@all", "[a](https://e.example/@bob)",
		"[p](https://matrix.to/#/@ada:example.com)", "https://matrix.to/#/@ada:example.com", "![@](https://e.example/a.png)", "{{", "{", "`", "`@all`", "`@**all**`", "`<@all>`", "```\n", "~~~\n", "    ", "\n", "\n\n", "- ", "> ", "# ", "1. ",
		" ", "\\", "\u200b", "\u00ad", "&lt;", "&#64;", "&#42;&#42;", "&commat;", "|", "| a | b |\n|---|---|\n| @ | **all** |\n", "<br>", "(", "'", "é",
	})
}

// TestNoTextFromOutsideCallsAnybody: whatever strangers write, and wherever it stands
// in a card or in a digest, no chat system finds somebody to call.
func TestNoTextFromOutsideCallsAnybody(t *testing.T) {
	all := grammars()
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			return strings.Join(rapid.SliceOfN(triggers(), 0, 8).Draw(t, label), "")
		}
		c := card.Card{
			Sender: &card.Sender{Name: text("sender")},
			Title:  text("title"), Summary: text("summary"), Text: text("text"),
			Sections: []card.Section{{
				Title: text("section"), Text: text("section's text"), ActivityTitle: text("activity"), ActivitySubtitle: text("subtitle"), ActivityText: text("activity's text"),
				Facts:  []card.Fact{{Name: text("name"), Value: text("value")}},
				Images: []card.Image{{URL: "https://e.example/i.png", Title: text("picture")}, {URL: "https://e.example/j.png", Title: text("second picture")}},
			}},
			Actions: []card.Action{
				link(text("action"), "https://e.example/"),
				{Type: card.HTTPPost, Name: text("post"), Target: card.Destination{URL: "https://e.example/"}},
				{Type: card.ActionCard, Name: text("form"), Inputs: []card.Input{{Type: card.TextInput, ID: "a", Title: text("question")}}, Actions: []card.Action{link(text("in the form"), "https://e.example/")}},
			},
		}
		if rapid.Bool().Draw(t, "digest") {
			c = chat.Digest(chat.NewEntry(c, text("connector")), chat.NewEntry(c, "b"))
		}
		for _, f := range forms() {
			kind, _, _ := strings.Cut(f.Name, " ")
			g, known := all[kind]
			if !known || f.Name == "teams connector-card" {
				continue // Connector Cards call nobody, and an application of one's own gets what came
			}
			p, err := f.Render(t.Context(), c, chat.Options{Person: func(string) (chat.Person, bool) { return chat.Person{}, false }})
			if err != nil {
				t.Fatal(err)
			}
			if found := g.calling(t, p); len(found) > 0 {
				t.Fatalf("%s finds %v\n%s", f.Name, found, readable(t, p))
			}
		}
	})
}
