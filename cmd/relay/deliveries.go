package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func (a *app) deliveriesCommand() *cobra.Command {
	var q store.Filter
	var states []string
	cmd := &cobra.Command{
		Use:   "deliveries",
		Short: "List deliveries, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, s := range states {
				q.States = append(q.States, delivery.State(s))
			}
			return a.listDeliveries(cmd, q)
		},
	}
	cmd.Flags().StringVar(&q.Channel, "channel", "", "only to this channel")
	cmd.Flags().StringVar(&q.Connector, "connector", "", "only from this connector")
	cmd.Flags().StringSliceVar(&states, "state", nil, "only in these states: waiting, delivered, accepted, dead, dismissed")
	completeFlag(cmd, "channel", a.channelNames)
	completeFlag(cmd, "connector", a.connectorNames)
	completeFlag(cmd, "state", stateNames)
	cmd.Flags().Int64Var(&q.Before, "before", 0, "only older than this delivery")
	cmd.Flags().IntVarP(&q.Limit, "limit", "n", 20, "at most this many")
	return cmd
}

func (a *app) listDeliveries(cmd *cobra.Command, q store.Filter) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	list, err := c.Deliveries(cmd.Context(), q)
	if err != nil {
		return err
	}
	return show(a, list, "DELIVERY EVENT CONNECTOR CHANNEL STATE ATTEMPTS ACCEPTED TITLE", func(d operator.Delivery) []string {
		state := stateLine(d)
		if d.Reason != "" {
			state += ": " + short(d.Reason, 50)
		}
		return []string{
			strconv.FormatInt(d.ID, 10), strconv.FormatInt(d.Event, 10), d.Connector, d.Channel,
			state, strconv.Itoa(d.Attempts), when(d.AcceptedAt), short(d.Title, 60),
		}
	})
}
