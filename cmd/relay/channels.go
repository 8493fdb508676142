package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) channelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "channels",
		Short: "List the channels and the state of their lanes",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			list, err := r.Channels(ctx)
			if err != nil {
				return err
			}
			return show(a, list, "NAME TYPE LANE WAITING DEAD OLDEST NEXT-ATTEMPT REASON", func(c operator.Channel) []string {
				return []string{c.Name, dash(c.Type), string(c.Lane), strconv.Itoa(c.Waiting), strconv.Itoa(c.Dead), when(c.Oldest), when(c.Next), dash(short(c.Reason, 80))}
			})
		}),
	}
	cmd.AddCommand(a.forgetChannelCommand())
	return cmd
}

func (a *app) forgetChannelCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget CHANNEL",
		Short: "Dismiss the waiting cards and dead letters of a removed channel",
		Long: `Dismiss the waiting cards of a channel that is no longer in the configuration, and its dead
letters. To have another channel deliver them, write a moved block instead.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			n, err := r.ForgetChannel(ctx, args[0])
			if err != nil {
				return err
			}
			return a.say(map[string]any{"channel": args[0], "dismissed": n}, "forgot channel %s; %d cards dismissed", args[0], n)
		}),
	}
}
