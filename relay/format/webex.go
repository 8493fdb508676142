package format

import (
	"strings"

	"github.com/connector-relay/relay/relay/format/markup"
)

// Webex writes the card as one text in Markdown, for an incoming webhook.
func Webex() Format {
	return Format{
		Name: "webex", ContentType: contentType, parser: markup.NewParser(),
		Limits: Limits{
			{MessageBytes, 7_439, "https://developer.webex.com/docs/api/v1/messages/create-a-message: bytes of markdown"},
			{AddressLength, 2_048, "none documented; a longer one would crowd out the card"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~#", Start: "-+", Strong: "**", Emphasis: "*", Entities: true, Code: true, Fence: true,
				Headings: 3, Quotes: true, Autolink: true, Break: "  \n", Rule: "---",
				Defuse: strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace,
			})
			code, fence := dialect.Code, dialect.Fence
			dialect.Code = func(s string) string { return code(webexDefuse(s)) }
			dialect.Fence = func(language, s string) string { return fence(language, webexDefuse(s)) }
			dialect.Mention = w.mention(webexMention)
			text := dialect.Write(d.document())
			body, err := encode(map[string]string{"markdown": text})
			return encoded{body: body, used: map[Unit]int{MessageBytes: len(text)}}, err
		},
	}
}

// webexDefuse keeps code, in which entities mean nothing, from calling people.
func webexDefuse(s string) string { return defuse("<@")(s) }

// webexMention names a person by mail address or by id:
// https://developer.webex.com/docs/basics#formatting-messages.
func webexMention(p Person) string {
	kind := "personId"
	if strings.Contains(p.ID, "@") {
		kind = "personEmail"
	}
	return "<@" + kind + ":" + p.ID + "|" + markup.Letters(p.Name) + ">"
}
