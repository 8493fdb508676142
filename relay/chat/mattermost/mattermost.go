// Package mattermost is Mattermost, by incoming webhooks.
package mattermost

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/attachments"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
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
			size.Blocks.AtMost(30, "none documented; with more attachments it is no longer one card"),
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
		Rate:     chat.Rate{PerSecond: 5, Burst: 10, Source: "none documented: the server sets the rate, and by default sets none"},
		Person:   &chat.Identity{Pattern: regexp.MustCompile(`^@?[a-z0-9._-]+$`), Doc: "it is the username"},
	}
}

// quiet also stops what a webhook's text may say in Slack's way:
// "<!channel>" calls everybody; and where no Markdown is
// expected, entities that become an "@".
func quiet(s string) string {
	return attachments.QuietAt(markup.Defuse("<!", "<@", "&#", "&commat")(s))
}

// read reads the answer of an incoming webhook: "ok", or an error with an
// id (mattermost/mattermost, web/webhook.go and app/webhook.go).
func read(a answer.Answer) answer.Reading {
	if a.OK() {
		if strings.TrimSpace(string(a.Body)) == "ok" {
			return a.Is(delivery.VerdictDelivered)
		}
		return a.WrongType(`"ok" as a Mattermost webhook does`)
	}
	var e struct {
		ID string `json:"id"`
	}
	a.Decode(&e)
	if a.Status == 500 {
		return a.Is(delivery.VerdictFailed) // the store failed; the id says over what
	}
	name := strings.TrimSuffix(strings.TrimPrefix(e.ID, "web.incoming_webhook."), ".app_error")
	switch {
	case name == "channel", name == "channel_locked", name == "invalid", name == "user", name == "permissions", name == "disabled",
		bytes.Contains(a.Body, []byte("find the channel")), bytes.Contains(a.Body, []byte("Invalid webhook")):
		return a.Is(delivery.VerdictRefused)
	case name == "split_props_length", name == "text.length":
		return a.TooLarge()
	case name == "parse", name == "text", name == "decode":
		return a.Is(delivery.VerdictRejected)
	}
	return a.ByStatus()
}
