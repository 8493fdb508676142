package main

import (
	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/plan"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration, plugin arguments included",
		Long: `Check the whole configuration, plugin arguments included. It starts the plugins to
learn their arguments, but neither polls nor delivers.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			summary, err := plan.Validate(cmd.Context(), a.config, version(), a.err)
			if err != nil {
				return err
			}
			return a.say(summary, "%s is valid. Connectors: %d, channels: %d.", a.config, summary.Connectors, summary.Channels)
		},
	}
}
