package systems_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/secret"
)

// TestCardsWithLittleInThem: what has no title, or nothing but one thing, is still
// what each chat system takes.
func TestCardsWithLittleInThem(t *testing.T) {
	const picture = "https://example.com/p.png"
	tests := map[string]card.Card{
		"facts":            {Sections: []card.Section{{Facts: []card.Fact{{Name: "Tag", Value: "v1.0"}, {Name: "Empty"}}}}},
		"a text":           {Text: "Hello"},
		"a section's text": {Sections: []card.Section{{Text: "Hello"}}},
		"titles":           {Sections: []card.Section{{Title: "One"}, {Title: "Two"}}},
		"an avatar":        {Title: "t", Sections: []card.Section{{Text: "x"}, {ActivityImage: picture}}},
		"an avatar alone":  {Sections: []card.Section{{ActivityImage: picture}}},
		"a subtitle":       {Sections: []card.Section{{ActivitySubtitle: "yesterday"}}},
		"a picture":        {Sections: []card.Section{{Images: []card.Image{{URL: picture}}}}},
		"empty sections":   {Title: "t", Sections: []card.Section{{}, {}, {Text: "x"}}},
		"a link":           {Actions: []card.Action{link("Open", "https://example.com/")}},
	}
	for name, c := range tests {
		for _, f := range forms() {
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				p, err := f.Render(t.Context(), c, chat.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if err := chattest.Judge(f.Name, p.Body); err != nil && f.Name != "webhook" { // there it goes as it came
					t.Errorf("%v: %s", err, p.Body)
				}
			})
		}
	}
}

// TestALinkStaysBeforeWhatNoChatCanDo, where only so many actions fit.
func TestALinkStaysBeforeWhatNoChatCanDo(t *testing.T) {
	c := card.Card{Title: "t"}
	for range 9 {
		c.Actions = append(c.Actions, card.Action{Type: card.HTTPPost, Name: "Approve", Target: card.Destination{URL: "https://example.com/approve"}})
	}
	c.Actions = append(c.Actions, link("Open", "https://example.com/last"))
	for _, f := range forms() {
		p, err := f.Render(t.Context(), c, chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(readable(t, p)), "https://example.com/last") {
			t.Errorf("%s: the link is gone: %s", f.Name, p.Body)
		}
	}
}

// TestPicturesInTheCardItself go where they are taken, and are spoken of elsewhere.
func TestPicturesInTheCardItself(t *testing.T) {
	const picture = "data:image/png;base64,AAAA"
	c := card.Card{Title: "t", Sections: []card.Section{{ActivityTitle: "Ada", ActivityImage: picture, Images: []card.Image{{URL: picture}}}}}
	takes := map[string]bool{"teams message": true, "teams card": true, "teams connector-card": true, "office365": true, "webhook": true}
	for _, f := range forms() {
		p, err := f.Render(t.Context(), c, chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(p.Body), picture); got != takes[f.Name] || got == (len(p.Omitted) > 0) {
			t.Errorf("%s: it is there: %t; left out: %v", f.Name, got, p.Omitted)
		}
	}
}

// TestTwoPeopleOfOneName are told apart: the text of a mention is all that says whom
// Teams should call.
func TestTwoPeopleOfOneName(t *testing.T) {
	person := func(login string) (chat.Person, bool) {
		return chat.Person{ID: login + "@example.com", Name: "Ada Lovelace"}, true
	}
	c := card.Card{Title: "t", Text: card.Mention("ada", "x") + " " + card.Mention("ada2", "x") + " " + card.Mention("ada", "x")}
	p, err := named("teams message").Render(t.Context(), c, chat.Options{Person: person})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"text":"<at>Ada Lovelace</at> <at>Ada Lovelace (2)</at> <at>Ada Lovelace</at>"`,
		`"text":"<at>Ada Lovelace (2)</at>","mentioned":{"id":"ada2@example.com","name":"Ada Lovelace (2)"}`,
	} {
		if !strings.Contains(string(p.Body), want) {
			t.Errorf("no %s in %s", want, p.Body)
		}
	}
	if err := chattest.Judge("teams message", p.Body); err != nil {
		t.Error(err)
	}
}

// TestWhereTextIsReadTwice: pieces that a chat system reads by rules of its own.
func TestWhereTextIsReadTwice(t *testing.T) {
	tests := []struct {
		name   string
		format form
		card   card.Card
		want   string
	}{
		{
			"code in a fact in Slack calls nobody", named("slack"),
			card.Card{Title: "t", Sections: []card.Section{{Facts: []card.Fact{{Name: "n", Value: "```\n<!channel> a < b\n```"}}}}},
			`"*n*\n&lt;!channel&gt; a &lt; b"`,
		},
		{
			"a mention in Zulip stands outside of marks", named("zulip"),
			card.Card{Title: "t", Text: "**by [Ada](mention:ada) today**, " + card.Mention("ada", "Ada")},
			"**by** @**ada@example.com** **today**, @**",
		},
		{
			"a quote that Zulip would read is code", named("zulip"),
			card.Card{Title: "t", Text: "```quote\n@**all**\n```"},
			"```\n@\u200b**all**\n```",
		},
		{
			"Zulip knows no backslash", named("zulip"),
			card.Card{Title: "t", Text: card.Escape("[PLT-1] fix *all* `x` (see #17)\n- no\n1. no")},
			"&#91;PLT-1&#93; fix &#42;all&#42; &#96;x&#96; (see #17)\n&#45; no\n1&#46; no",
		},
		{
			"an entity that a stranger wrote", named("teams message"),
			card.Card{Title: "t", Text: card.Escape("&lt;at&gt; R&D")},
			`"&amp;lt;at&amp;gt; R&D"`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := test.format.Render(t.Context(), test.card, chat.Options{Person: ada})
			if err != nil {
				t.Fatal(err)
			}
			if shown := string(readable(t, p)); !strings.Contains(shown, test.want) {
				t.Errorf("no %s in %s", test.want, shown)
			}
		})
	}
}

// TestThreadsOfOneRepositoryKeepTheirTopics: the number is what tells them apart.
func TestThreadsOfOneRepositoryKeepTheirTopics(t *testing.T) {
	topics := make(map[string]bool)
	zulip := named("zulip")
	zulip.settings = chat.Settings{"to": secret.New("x")}
	for _, number := range []string{"17", "18"} {
		thread := "an-organisation-of-a-long-name/and-a-repository-of-a-longer-one/pull/" + number
		p, err := zulip.Render(t.Context(), card.Card{Title: "t"}, chat.Options{Thread: thread})
		if err != nil {
			t.Fatal(err)
		}
		if err := chattest.Judge("zulip", p.Body); err != nil {
			t.Error(err)
		}
		topics[string(p.Body)] = true
	}
	if len(topics) != 2 {
		t.Errorf("they share %v", topics)
	}
}

func TestEverySystemAndFormRenders(t *testing.T) {
	for _, f := range forms() {
		p, err := f.Render(t.Context(), card.Card{Title: "A title", Text: "A text"}, chat.Options{})
		text := strings.ReplaceAll(string(p.Body), "+", " ") // of a form
		if err != nil || json.Valid(p.Body) != strings.HasPrefix(p.ContentType, "application/json") || !strings.Contains(text, "A title") {
			t.Errorf("%s: %v\n%s", f.Name, err, p.Body)
		}
	}
}
