// Package rocketchat is Rocket.Chat, by the webhooks of its integrations.
package rocketchat

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/attachments"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// System returns Rocket.Chat. It writes attachments:
// https://docs.rocket.chat/docs/integrations. People are called in the message's
// own text, because those in an attachment are not told.
func System() chat.System {
	form := chat.Form{
		Read: read,
		Limits: size.Limits{
			size.Bytes.AtMost(100_000, "none documented"),
			size.TextLength.AtMost(5_000, "Message_MaxAllowedSize is 5,000 by default"),
			size.TitleLength.AtMost(1_024, "Alertmanager's rocketchat notifier"),
			size.Blocks.AtMost(30, "none documented; with more attachments it is no longer one card"),
			size.AddressLength.AtMost(2_048, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			dialect := markup.Markdown(markup.Flavour{
				// What a backslash escapes is all that its parser knows to escape.
				Special: "*_`~#", Strong: "*", Emphasis: "_", Strike: "~", Code: true, Fence: true,
				Headings: 4, Quotes: true, Autolink: true, Defuse: quiet,
			})
			return attachments.Writer{Writing: w, Dialect: attachments.Usernames(dialect, w), Quiet: quiet, CallsAbove: true}.Write(d)
		},
	}
	return chat.System{
		Name: "rocketchat", Summary: "A channel of Rocket.Chat, by an integration's incoming webhook.",
		Settings: []chat.Setting{chat.URL()},
		Forms:    []chat.Form{form},
		Rate:     chat.Rate{PerSecond: 1, Burst: 5, Source: "none documented: the server sets the rate"},
		Person:   &chat.Identity{Pattern: regexp.MustCompile(`^@?[A-Za-z0-9._-]+$`), Doc: "it is the username"},
	}
}

// quiet also stops links that are none.
func quiet(s string) string { return attachments.QuietAt(markup.Defuse("](")(s)) }

// read reads the answer of an integration, which reports errors with
// status 200 too (RocketChat/Rocket.Chat, apps/meteor/app/integrations/server/api/api.ts).
func read(a answer.Answer) answer.Reading {
	var e struct {
		Success *bool  `json:"success"`
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	a.Decode(&e)
	said := strings.ToLower(e.Error + " " + e.Message)
	switch {
	case a.OK() && e.Success != nil && *e.Success && a.Claims() == answer.Yes:
		return a.Is(delivery.VerdictDelivered)
	case strings.Contains(said, "too-many-requests"), strings.Contains(said, "too many requests"):
		_, after, _ := strings.Cut(said, "wait ")
		number, _, _ := strings.Cut(after, " seconds")
		seconds, _ := strconv.ParseFloat(number, 64)
		return a.Is(delivery.VerdictThrottled).After(seconds)
	case strings.Contains(said, "message-size-exceeded"):
		return a.TooLarge()
	case strings.Contains(said, "invalid integration"), strings.Contains(said, "room-not-found"), strings.Contains(said, "invalid-channel"),
		strings.Contains(said, "invalid-room"), strings.Contains(said, "not-allowed"), strings.Contains(said, "not authorized"),
		strings.Contains(said, "not enough permission"):
		return a.Is(delivery.VerdictRefused)
	case a.Status == 503 && e.Success != nil:
		return a.Because(delivery.VerdictRefused, "the integration is turned off; turn it on in Rocket.Chat's administration")
	case !a.OK():
		return a.ByStatus()
	case e.Success != nil:
		return a.Is(delivery.VerdictRejected)
	}
	return a.WrongType("with JSON as Rocket.Chat does")
}
