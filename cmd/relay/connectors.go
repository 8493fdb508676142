package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) connectorsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "connectors",
		Short: "List the connectors, with the hook URLs of those that receive",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Connectors(cmd.Context())
			if err != nil {
				return err
			}
			return show(a, list, "NAME TYPE HEALTH LAST-EVENT NEXT-POLL HOOK-URL", func(c operator.Connector) []string {
				health := c.Health
				if about := cmp.Or(c.Problem, c.Note); about != "" {
					health += ": " + short(about, 60)
				}
				return []string{c.Name, c.Type, dash(health), when(c.LastEvent), when(c.NextPoll), dash(c.HookURL)}
			})
		},
	}
}
