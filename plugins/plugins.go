// Package plugins lists the connector types that ride in the relay binary. Each of them
// is a package below this one and, like any plugin, runs in a process of its own.
//
// To bundle another type, write its package and add its line here: the configuration,
// the documentation and the command line's completion learn of it from this list.
package plugins

import (
	"github.com/connector-relay/relay/plugins/azuredevops"
	"github.com/connector-relay/relay/plugins/github"
	"github.com/connector-relay/relay/plugins/rss"
	"github.com/connector-relay/relay/plugins/todo"
	"github.com/connector-relay/relay/plugins/trello"
	"github.com/connector-relay/relay/plugins/webhook"
	"github.com/connector-relay/relay/plugins/x"
	"github.com/connector-relay/relay/relay/connector"
)

// Bundled returns what makes a connector of each bundled type, by the type's name.
func Bundled() map[string]func() connector.Connector {
	return map[string]func() connector.Connector{
		"azuredevops": azuredevops.New,
		"github":      github.New,
		"rss":         rss.Share("plugin", "read-feeds").New,
		"todo":        todo.New,
		"trello":      trello.New,
		"webhook":     webhook.New,
		"x":           x.New,
	}
}
