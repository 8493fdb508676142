package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) drainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "drain CHANNEL",
		Short: "Deliver what waits in a channel now, and then pause it",
		Long: `Deliver what waits in a channel now, and then pause it until a resume, for example
before the channel moves elsewhere. What comes in the meantime waits.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			if err := r.Drain(ctx, args[0]); err != nil {
				return err
			}
			return a.reportLane(args[0], "being drained; then its cards wait until `relay resume "+args[0]+"`")
		}),
	}
}
