// Package webex is Webex, by incoming webhooks.
package webex

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// System returns Webex. It writes the card as one text in Markdown.
func System() chat.System {
	form := chat.Form{
		Read: read,
		Limits: size.Limits{
			size.MessageBytes.AtMost(7_439, "https://developer.webex.com/docs/api/v1/messages/create-a-message: bytes of markdown"),
			size.AddressLength.AtMost(2_048, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~#", Start: "-+", Strong: "**", Emphasis: "*", Entities: true, Code: true, Fence: true,
				Headings: 3, Quotes: true, Autolink: true, Break: "  \n", Rule: "---",
				Defuse: strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace,
			})
			code, fence := dialect.Code, dialect.Fence
			dialect.Code = func(s string) string { return code(quiet(s)) }
			dialect.Fence = func(language, s string) string { return fence(language, quiet(s)) }
			dialect.Mention = w.Mention(mention)
			text := dialect.Write(d.Document())
			body, err := card.JSON(map[string]string{"markdown": text})
			return draft.Written{Body: body, Used: size.Used{size.MessageBytes: len(text)}}, err
		},
	}
	return chat.System{
		Name: "webex", Summary: "A space of Webex, by an incoming webhook.",
		Settings: []chat.Setting{chat.URL()},
		Forms:    []chat.Form{form},
		Rate:     chat.Rate{PerSecond: 1, Burst: 5, Source: "none documented"},
		Person:   &chat.Identity{Pattern: regexp.MustCompile(`^[^\s<>|]+$`), Doc: "it is the person's mail address or person id"},
	}
}

// quiet keeps code, in which entities mean nothing, from calling people.
func quiet(s string) string { return markup.Defuse("<@")(s) }

// mention names a person by mail address or by id:
// https://developer.webex.com/docs/basics#formatting-messages.
func mention(p chat.Person) string {
	kind := "personId"
	if strings.Contains(p.ID, "@") {
		kind = "personEmail"
	}
	return "<@" + kind + ":" + p.ID + "|" + markup.Letters(p.Name) + ">"
}

// read reads the answer of an incoming webhook: 204 and nothing more (rundeck-diy-webhook-notification#2), or, as the
// rest of the API, a message with its id; errors are distinguished by their status
// (https://developer.webex.com/docs/basics#api-errors), where 428 is about files.
func read(a answer.Answer) answer.Reading {
	switch {
	case !a.OK():
		return a.ByStatus()
	case a.Complete && len(bytes.TrimSpace(a.Body)) == 0, a.Member("id") != "":
		return a.Is(delivery.VerdictDelivered)
	}
	return a.WrongType("nothing as Webex does")
}
