package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func (a *app) auditCommand() *cobra.Command {
	f := store.AuditFilter{}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "List who changed what, and who was not allowed to",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			list, err := r.AuditLog(ctx, f)
			if err != nil {
				return err
			}
			return show(a, list, "WHEN WHO VIA ACTION SUBJECT OUTCOME DETAIL", func(e operator.Audited) []string {
				return []string{when(e.Time), e.Who, e.Via, e.Action, dash(short(e.Subject, 60)), e.Outcome, dash(short(e.Detail, 80))}
			})
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Who, "who", "", "only what this person did")
	flags.StringVar(&f.Subject, "subject", "", "only what was done to this, such as \"channel ops\"")
	flags.IntVarP(&f.Limit, "limit", "n", 50, "at most this many")
	return cmd
}
