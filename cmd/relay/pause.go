package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) pauseCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:               "pause CHANNEL",
		Short:             "Stop delivering to a channel; its cards wait",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.Pause(cmd.Context(), args[0], reason); err != nil {
				return err
			}
			return a.reportLane(args[0], "paused; its cards wait until `relay resume "+args[0]+"`")
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever finds it paused")
	return cmd
}

// reportLane says what became of a channel's lane.
func (a *app) reportLane(channel, what string) error {
	if a.json {
		return a.showJSON([]map[string]string{{"channel": channel, "lane": what}})
	}
	_, err := fmt.Fprintf(a.out, "channel %s is %s\n", channel, what)
	return err
}
