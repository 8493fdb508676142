// Package inbox is the relay's own store: what is delivered to it is read on the dashboard.
package inbox

import "github.com/connector-relay/relay/relay/chat"

// System returns the inbox, which posts nowhere.
func System() chat.System {
	return chat.System{Name: "inbox", Summary: "The relay's own dashboard: cards are kept in its store and read there."}
}
