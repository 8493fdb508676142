package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) pollCommand() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:               "poll CONNECTOR",
		Short:             "Poll a connector now",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.connectorNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if dry {
				events, err := c.DryRun(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return show(a, events, "KIND TIME BECAUSE TITLE", func(e operator.Event) []string {
					return []string{e.Kind, when(e.Time), cmp.Or(e.Because, "-"), short(e.Title, 100)}
				})
			}
			report, err := c.Poll(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON([]intake.PollReport{report})
			}
			_, err = fmt.Fprintf(a.out, "%d new events, %d known; next poll %s\n", report.Events, report.Known, when(report.Next))
			return err
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show the cards of what is new, or else the newest there are, and keep nothing")
	return cmd
}
