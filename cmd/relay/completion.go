package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/plugins"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// completionPatience is how long completion may keep a shell waiting.
const completionPatience = time.Second

// complete offers names for the first argument of a command or for a flag. It asks for
// them only when a shell does; having nothing to offer is not an error.
func complete(names func(cmd *cobra.Command) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(cmd), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlag offers values for a flag, whatever the arguments.
func completeFlag(cmd *cobra.Command, flag string, names func(cmd *cobra.Command) []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return names(cmd), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // there is no such flag
	}
}

// asked lists what the running relay knows; it returns nothing when none runs.
func asked[T any](a *app, cmd *cobra.Command, list func(operator.Relay, context.Context) ([]T, error), name func(T) string) []string {
	client, err := a.client()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	found, err := list(client, ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, v := range found {
		names = append(names, name(v))
	}
	return names
}

func (a *app) channelNames(cmd *cobra.Command) []string {
	return asked(a, cmd, operator.Relay.Channels, func(c operator.Channel) string { return c.Name + "\t" + c.Type })
}

func (a *app) connectorNames(cmd *cobra.Command) []string {
	return asked(a, cmd, operator.Relay.Connectors, func(c operator.Connector) string { return c.Name + "\t" + c.Type })
}

func (a *app) pluginNames(cmd *cobra.Command) []string {
	return asked(a, cmd, operator.Relay.Plugins, func(p operator.Plugin) string { return p.Name })
}

func (a *app) deadLetterNumbers(cmd *cobra.Command) []string {
	dead := func(r operator.Relay, ctx context.Context) ([]operator.Delivery, error) {
		return r.Deliveries(ctx, store.Filter{States: []delivery.State{delivery.Dead}, Limit: 50})
	}
	return asked(a, cmd, dead, func(d operator.Delivery) string { return fmt.Sprintf("%d\t%s", d.ID, short(d.Title, 60)) })
}

func stateNames(*cobra.Command) []string {
	var names []string
	for _, s := range delivery.States() {
		names = append(names, string(s))
	}
	return names
}

func verdictNames(*cobra.Command) []string {
	var names []string
	for _, v := range delivery.Verdicts() {
		names = append(names, string(v))
	}
	return names
}

func fateNames(*cobra.Command) []string {
	return []string{string(event.Routed), string(event.Filtered), string(event.Suspended), string(event.Muted)}
}

// kindNames returns the kinds of events that the bundled connector types have.
func kindNames(*cobra.Command) []string {
	var names []string
	for _, factory := range plugins.Bundled() {
		for _, k := range factory().Describe().Kinds {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// typeNames returns the bundled connector types.
func typeNames() []string { return slices.Sorted(maps.Keys(plugins.Bundled())) }

// channelTypeNames returns the types of channels that cards are posted to.
func channelTypeNames(*cobra.Command) []string {
	var names []string
	for _, s := range systems.All() {
		if s.Posts() {
			names = append(names, s.Name)
		}
	}
	return names
}
