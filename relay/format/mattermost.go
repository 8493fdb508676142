package format

import "github.com/connector-relay/relay/relay/format/markup"

// Mattermost writes message attachments:
// https://developers.mattermost.com/integrate/reference/message-attachments.
func Mattermost() Format {
	const post = "https://developers.mattermost.com/integrate/webhooks/incoming: a post has 16,383 characters"
	return Format{
		Name: "mattermost", ContentType: contentType, parser: markup.NewParser(),
		Limits: Limits{
			{Bytes, 250_000, "MaximumPayloadSizeBytes is 300,000 by default"},
			{TextLength, 16_383, post},
			{Blocks, 30, "none documented; more attachments are no card any more"},
			{AddressLength, 8_000, "none documented; a longer one would crowd out the card"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~>#|", Start: "-+", Strong: "**", Emphasis: "*", Entities: true, Strike: "~~", Code: true, Fence: true,
				Headings: 6, Quotes: true, Tables: true, Pictures: true, Autolink: true, Rule: "---", Defuse: mattermostDefuse,
			})
			return attachmentWriter{writing: w, dialect: usernames(quietAddresses(dialect), w), used: longest{}, quiet: mattermostDefuse}.message(d)
		},
	}
}

// mattermostDefuse also stops what a webhook's text may say in Slack's way:
// "<!channel>" calls everybody; and where no Markdown is
// expected, entities that become an "@".
func mattermostDefuse(s string) string { return quietAt(defuse("<!", "<@", "&#", "&commat")(s)) }
