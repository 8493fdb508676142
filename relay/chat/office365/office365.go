// Package office365 is Microsoft's Office 365 connectors, which took Connector Cards.
package office365

import (
	"net/url"
	"strings"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/connectorcard"
	"github.com/connector-relay/relay/relay/chat/size"
)

// System returns Office 365 connectors, and what answers in their place.
func System() chat.System {
	form := Form()
	form.Read = read
	return chat.System{
		Name: "office365", Summary: "An Office 365 connector, or what answers as one did. Microsoft's own are retired.",
		Settings: []chat.Setting{chat.URL()},
		Forms:    []chat.Form{form},
		Rate: chat.Rate{
			PerSecond: 1.9, Burst: 2,
			Source: "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using: " +
				"4 in a second and 60 in half a minute; the longer windows are left to throttling",
		},
		Retired: retired,
	}
}

// Form returns a Connector Card as Office 365 connectors took it; what reads the answer
// is for the caller to add.
func Form() chat.Form {
	const reference = "https://learn.microsoft.com/outlook/actionable-messages/message-card-reference"
	return connectorcard.Form(connectorcard.Flavour(), false, size.Limits{
		size.Bytes.AtMost(20_000, "documented 28 KB, but counted after expansion: 24,453 bytes were refused as 28,897 (msteams-docs#11274)"),
		size.Sections.AtMost(10, reference+"; Teams drops more without a word"),
		size.SectionImages.AtMost(5, "Teams cards reference; Teams drops more without a word"),
		size.SectionActions.AtMost(4, reference),
		size.AddressLength.AtMost(8_000, "none documented; a longer one would crowd out the card"),
	})
}

// retired tells of the connectors' own addresses, which were switched off in May 2026.
func retired(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	old := (host == "outlook.office.com" || host == "outlook.office365.com") && strings.HasPrefix(u.Path, "/webhook")
	if !old && host != "webhook.office.com" && !strings.HasSuffix(host, ".webhook.office.com") {
		return ""
	}
	return "Microsoft has retired the Office 365 connectors' addresses, such as those at webhook.office.com; cards sent there do not arrive. " +
		"Make a webhook with the Workflows app in Teams, and use its URL with type = \"teams\"."
}
