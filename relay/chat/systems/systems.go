// Package systems lists the chat systems: a new one is a folder and a line here. The rest
// of the relay gets this list.
package systems

import (
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/discord"
	"github.com/connector-relay/relay/relay/chat/googlechat"
	"github.com/connector-relay/relay/relay/chat/inbox"
	"github.com/connector-relay/relay/relay/chat/matrix"
	"github.com/connector-relay/relay/relay/chat/mattermost"
	"github.com/connector-relay/relay/relay/chat/ntfy"
	"github.com/connector-relay/relay/relay/chat/office365"
	"github.com/connector-relay/relay/relay/chat/rocketchat"
	"github.com/connector-relay/relay/relay/chat/slack"
	"github.com/connector-relay/relay/relay/chat/teams"
	"github.com/connector-relay/relay/relay/chat/webex"
	"github.com/connector-relay/relay/relay/chat/webhook"
	"github.com/connector-relay/relay/relay/chat/zulip"
)

// All returns the chat systems, in the order in which people are shown them.
func All() chat.Systems {
	return chat.Systems{
		office365.System(),
		teams.System(),
		slack.System(),
		mattermost.System(),
		rocketchat.System(),
		discord.System(),
		googlechat.System(),
		webex.System(),
		zulip.System(),
		matrix.System(),
		ntfy.System(),
		webhook.System(),
		inbox.System(),
	}
}
