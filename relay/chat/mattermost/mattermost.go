// Package mattermost is Mattermost, by incoming webhooks.
package mattermost

import (
	"regexp"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/attachments"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
)

// System returns Mattermost. It writes message attachments:
// https://developers.mattermost.com/integrate/reference/message-attachments.
func System() chat.System {
	const post = "https://developers.mattermost.com/integrate/webhooks/incoming: a post has 16,383 characters"
	form := chat.Form{
		Read: read,
		Limits: size.Limits{
			size.Bytes.AtMost(250_000, "MaximumPayloadSizeBytes is 300,000 by default"),
			size.TextLength.AtMost(16_383, post),
			size.Blocks.AtMost(30, "none documented; more attachments are no card any more"),
			size.AddressLength.AtMost(8_000, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~>#|", Start: "-+", Strong: "**", Emphasis: "*", Entities: true, Strike: "~~", Code: true, Fence: true,
				Headings: 6, Quotes: true, Tables: true, Pictures: true, Autolink: true, Rule: "---", Defuse: quiet,
			})
			return attachments.Writer{Writing: w, Dialect: attachments.Usernames(markup.QuietAddresses(dialect), w), Quiet: quiet}.Write(d)
		},
	}
	return chat.System{
		Name: "mattermost", Summary: "A channel of Mattermost, by an incoming webhook.",
		Settings: []chat.Setting{chat.URL()},
		Forms:    []chat.Form{form},
		Rate:     chat.Rate{PerSecond: 5, Burst: 10, Source: "none documented: the server sets the rate, and has none by default"},
		Person:   &chat.Identity{Pattern: regexp.MustCompile(`^@?[a-z0-9._-]+$`), Doc: "it is the username"},
	}
}

// quiet also stops what a webhook's text may say in Slack's way:
// "<!channel>" calls everybody; and where no Markdown is
// expected, entities that become an "@".
func quiet(s string) string {
	return attachments.QuietAt(markup.Defuse("<!", "<@", "&#", "&commat")(s))
}
