package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) connectorsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connectors",
		Short: "List the connectors, with the hook URLs of those that receive",
		Long: `List the connectors, with the hook URLs of those that receive. Those that are no
longer in the configuration but left something in the store are "removed".`,
		Args: cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			list, err := r.Connectors(ctx)
			if err != nil {
				return err
			}
			return show(a, list, "NAME TYPE HEALTH LAST-EVENT NEXT-POLL HOOK-URL", func(c operator.Connector) []string {
				health := c.Health
				if about := cmp.Or(c.Problem, c.Note); about != "" {
					health += ": " + short(about, 60)
				}
				return []string{c.Name, c.Type, dash(health), when(c.LastEvent), when(c.NextPoll), dash(c.HookURL)}
			})
		}),
	}
	cmd.AddCommand(a.rotateCommand(), a.forgetConnectorCommand(), a.exportCommand())
	return cmd
}

func (a *app) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write the connectors that people added on the page as a configuration file",
		Long: `Write the connectors that people added on the page as a configuration file, with their
owners and teams. In a file they go on with their hook URLs, checkpoints and history, and
read their secrets from the store; a connector that stands in a file wins over the one
on the page.`,
		Args: cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			e, err := r.Export(ctx)
			if err != nil {
				return err
			}
			return a.say(e, "%s", strings.TrimSuffix(e.HCL, "\n"))
		}),
	}
}

func (a *app) rotateCommand() *cobra.Command {
	var grace time.Duration
	cmd := &cobra.Command{
		Use:   "rotate CONNECTOR",
		Short: "Give a connector a new hook URL",
		Long: `Give a connector a new hook URL, for example when its current one has leaked. That
one works for the grace time, so that the senders can be told; then it is answered 404.
A connector has two URLs at most: rotating it again ends the first.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.connectorNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			if grace < 0 {
				return fmt.Errorf("%w: the grace time is negative", errUsage)
			}
			n, err := r.RotateHook(ctx, args[0], grace)
			if err != nil {
				return err
			}
			if n.FormerHook == nil {
				return a.say(n, "%s\nThe old URL no longer works.", n.HookURL)
			}
			return a.say(n, "%s\nThe old URL works until %s.", n.HookURL, n.FormerHook.Until.Local().Format(time.DateTime))
		}),
	}
	cmd.Flags().DurationVar(&grace, "grace", 24*time.Hour, "how long the old URL keeps working")
	return cmd
}

func (a *app) forgetConnectorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget CONNECTOR",
		Short: "Forget the hook URLs, checkpoint, known keys and sign-in of a removed connector",
		Long: `Forget what is stored of a connector that is no longer in the configuration: its hook
URLs, checkpoint, the keys it knows and its sign-in. When a connector of that name is
added again, it starts afresh.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.connectorNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			if err := r.ForgetConnector(ctx, args[0]); err != nil {
				return err
			}
			return a.say(map[string]string{"connector": args[0]}, "forgot connector %s", args[0])
		}),
	}
}
