package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) reloadCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Make the running relay read its configuration again",
		Long: `Make the running relay read its configuration again. Everything is checked before
anything changes; when something is wrong, the old configuration stays in force.`,
		Args: cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			changes, err := r.Reload(ctx)
			if err != nil {
				return err
			}
			return a.showChanges(changes, "nothing has changed")
		}),
	}
}
