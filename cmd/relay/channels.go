package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) channelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "channels",
		Short: "List the channels and how their lanes stand",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Channels(cmd.Context())
			if err != nil {
				return err
			}
			return show(a, list, "NAME TYPE LANE WAITING DEAD OLDEST NEXT-ATTEMPT REASON", func(c operator.Channel) []string {
				return []string{c.Name, dash(c.Type), string(c.Lane), strconv.Itoa(c.Waiting), strconv.Itoa(c.Dead), when(c.Oldest), when(c.Next), dash(short(c.Reason, 80))}
			})
		},
	}
	cmd.AddCommand(a.forgetChannelCommand())
	return cmd
}

func (a *app) forgetChannelCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget CHANNEL",
		Short: "Dismiss what waits in a removed channel, and its dead letters",
		Long: `Dismiss what waits in a channel that is not in the configuration any more, and its dead
letters. To have another channel deliver them, write a moved block instead.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			n, err := c.ForgetChannel(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON([]map[string]any{{"channel": args[0], "dismissed": n}})
			}
			_, err = fmt.Fprintf(a.out, "channel %s is forgotten; %d cards dismissed\n", args[0], n)
			return err
		},
	}
}
