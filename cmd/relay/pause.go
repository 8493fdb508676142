package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) pauseCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:               "pause CHANNEL",
		Short:             "Stop delivering to a channel; its cards wait",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			if err := r.Pause(ctx, args[0], reason); err != nil {
				return err
			}
			return a.reportLane(args[0], "paused; its cards wait until `relay resume "+args[0]+"`")
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever finds it paused")
	return cmd
}

// reportLane says how a channel's lane stands now.
func (a *app) reportLane(channel, what string) error {
	return a.say(map[string]string{"channel": channel, "lane": what}, "channel %s is %s", channel, what)
}
