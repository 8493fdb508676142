package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func (a *app) deliveriesCommand() *cobra.Command {
	var f store.Filter
	var states []string
	cmd := &cobra.Command{
		Use:   "deliveries",
		Short: "List deliveries, newest first",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			for _, s := range states {
				f.States = append(f.States, delivery.State(s))
			}
			return a.listDeliveries(ctx, r, f)
		}),
	}
	a.cardFlags(cmd, &f.Channel, &f.Connector, &f.Kind, &f.Text, &f.Verdict)
	timeFlags(cmd, &f.Since, &f.Until)
	cmd.Flags().StringSliceVar(&states, "state", nil, "only in these states: waiting, delivered, accepted, dead, dismissed")
	completeFlag(cmd, "state", stateNames)
	cmd.Flags().Int64Var(&f.Before, "before", 0, "only older than this delivery")
	cmd.Flags().IntVarP(&f.Limit, "limit", "n", 20, "at most this many")
	return cmd
}

// cardFlags adds the flags that narrow deliveries by their cards and where these come from
// and go.
func (a *app) cardFlags(cmd *cobra.Command, channel, connector, kind, text *string, verdict *delivery.Verdict) {
	flags := cmd.Flags()
	flags.StringVar(channel, "channel", "", "only to this channel")
	flags.StringVar(connector, "connector", "", "only from this connector")
	flags.StringVar(kind, "kind", "", "only of this kind")
	flags.StringVar(text, "text", "", "only with this text in the card")
	flags.StringVar((*string)(verdict), "verdict", "", "only where the last attempt came to this: delivered, accepted, throttled, hindered, failed, unknown, rejected, refused, interrupted")
	completeFlag(cmd, "channel", a.channelNames)
	completeFlag(cmd, "connector", a.connectorNames)
	completeFlag(cmd, "kind", kindNames)
	completeFlag(cmd, "verdict", verdictNames)
}

func (a *app) listDeliveries(ctx context.Context, r operator.Relay, f store.Filter) error {
	list, err := r.Deliveries(ctx, f)
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
