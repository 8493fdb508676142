package format

import "github.com/connector-relay/relay/relay/format/markup"

// RocketChat writes attachments:
// https://docs.rocket.chat/docs/integrations. People are called in the message's
// own text, because those in an attachment are not told.
func RocketChat() Format {
	return Format{
		Name: "rocketchat", ContentType: contentType, parser: markup.NewParser(),
		Limits: Limits{
			{Bytes, 100_000, "none documented"},
			{TextLength, 5_000, "Message_MaxAllowedSize is 5,000 by default"},
			{TitleLength, 1_024, "Alertmanager's rocketchat notifier"},
			{Blocks, 30, "none documented; more attachments are no card any more"},
			{AddressLength, 2_048, "none documented; a longer one would crowd out the card"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			dialect := markup.Markdown(markup.Flavour{
				// What a backslash escapes is all that its parser knows to escape.
				Special: "*_`~#", Strong: "*", Emphasis: "_", Strike: "~", Code: true, Fence: true,
				Headings: 4, Quotes: true, Autolink: true, Defuse: rocketDefuse,
			})
			return attachmentWriter{writing: w, dialect: usernames(dialect, w), used: longest{}, quiet: rocketDefuse, callsAbove: true}.message(d)
		},
	}
}

// rocketDefuse also stops links that are none.
func rocketDefuse(s string) string { return quietAt(defuse("](")(s)) }
