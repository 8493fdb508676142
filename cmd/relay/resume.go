package main

import "github.com/spf13/cobra"

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "resume CHANNEL",
		Short:             "Deliver to a paused channel again, and try what waits at once",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.Resume(cmd.Context(), args[0]); err != nil {
				return err
			}
			return a.reportLane(args[0], "open")
		},
	}
}
