package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) pollCommand() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:               "poll CONNECTOR",
		Short:             "Poll a connector now",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.connectorNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			if dry {
				events, err := r.DryRun(ctx, args[0])
				if err != nil {
					return err
				}
				return show(a, events, "KIND TIME BECAUSE TITLE", func(e operator.Event) []string {
					return []string{e.Kind, when(e.Time), cmp.Or(e.Because, "-"), short(e.Title, 100)}
				})
			}
			report, err := r.Poll(ctx, args[0])
			if err != nil {
				return err
			}
			return a.say(report, "%d new events, %d known; next poll %s", report.Events, report.Known, when(report.Next))
		}),
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show the cards of new events, or else of the newest ones, and store nothing")
	return cmd
}
