package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) planCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "plan",
		Short: "Say what a reload would change, and what it would leave behind",
		Long: `Say what a reload would change in the running relay, and what it would leave behind:
cards that wait in a channel that goes away, hook URLs that senders still use,
checkpoints. It changes nothing.`,
		Args: cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			changes, err := r.Plan(ctx)
			if err != nil {
				return err
			}
			return a.showChanges(changes, "a reload would change nothing")
		}),
	}
}

// showChanges prints what a configuration changes, one change a line, each with what to
// do about it below.
func (a *app) showChanges(changes []operator.Change, none string) error {
	if a.json {
		return a.showJSON(changes)
	}
	if len(changes) == 0 {
		fmt.Fprintln(a.out, none)
	}
	for _, c := range changes {
		fmt.Fprintln(a.out, c)
		if c.Warning != "" {
			fmt.Fprintln(a.out, "  ! "+c.Warning)
		}
	}
	return nil
}
