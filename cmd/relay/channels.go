package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) channelsCommand() *cobra.Command {
	return &cobra.Command{
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
			return show(a, list, "NAME TYPE LANE WAITING OLDEST NEXT-ATTEMPT REASON", func(c operator.Channel) []string {
				return []string{c.Name, c.Type, string(c.Lane), strconv.Itoa(c.Waiting), when(c.Oldest), when(c.Next), dash(short(c.Reason, 80))}
			})
		},
	}
}
