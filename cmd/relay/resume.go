package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "resume CHANNEL",
		Short:             "Deliver to a paused channel again, starting with what waits",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			if err := r.Resume(ctx, args[0]); err != nil {
				return err
			}
			return a.reportLane(args[0], "open")
		}),
	}
}
