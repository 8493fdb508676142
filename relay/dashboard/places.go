package dashboard

import (
	"strings"

	"github.com/connector-relay/relay/relay/access"
)

// place is a page that the frame leads to.
type place struct {
	link
	Icon string
	// Here says that the page shown is this one, or one below it.
	Here bool
	// First begins a group.
	First bool
	// For says who sees it; nil means everybody.
	For func(access.Person) bool
}

// places returns where a person can go.
func places(p access.Person, path string) []place {
	var list []place
	for _, at := range []place{
		{link: link{"Overview", "/"}, Icon: "overview"},
		{link: link{"Connectors", "/connectors"}, Icon: "connectors"},
		{link: link{"Channels", "/channels"}, Icon: "channels"},
		{link: link{"Deliveries", "/deliveries"}, Icon: "deliveries"},
		{link: link{"Dead letters", "/dead-letters"}, Icon: "dead-letters"},
		{link: link{"Playground", "/playground"}, Icon: "playground", For: func(p access.Person) bool { return p.May(access.Operate) }},
		{link: link{"Mutes", "/mutes"}, Icon: "mutes"},
		{link: link{"Plugins", "/plugins"}, Icon: "plugins", First: true, For: access.Person.SeesAll},
		{link: link{"Configuration", "/configuration"}, Icon: "configuration", For: access.Person.SeesAll},
		{link: link{"Audit log", "/audit"}, Icon: "audit"},
		{link: link{"Tokens", "/tokens"}, Icon: "tokens"},
	} {
		if at.For != nil && !at.For(p) {
			continue
		}
		at.Here = path == at.URL || at.URL != "/" && strings.HasPrefix(path, at.URL+"/")
		list = append(list, at)
	}
	return list
}
