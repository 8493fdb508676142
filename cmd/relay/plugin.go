package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/plugins"
	"github.com/connector-relay/relay/plugins/rss"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Manage connector plugins",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.pluginList(), a.pluginLog(), a.pluginServe(), a.pluginReadFeeds())
	return cmd
}

func (a *app) pluginList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the plugin processes of the running relay",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			list, err := r.Plugins(ctx)
			if err != nil {
				return err
			}
			return show(a, list, "NAME TYPES VERSION BUNDLED PID MEMORY RESTARTS PROBLEM", func(p operator.Plugin) []string {
				return []string{
					p.Name, strings.Join(p.Types, ","), dash(p.Version), strconv.FormatBool(p.Bundled), strconv.Itoa(p.PID),
					fmt.Sprintf("%.1fMB", float64(p.Memory)/1e6), strconv.Itoa(p.Restarts), dash(p.Problem),
				}
			})
		}),
	}
}

func (a *app) pluginLog() *cobra.Command {
	return &cobra.Command{
		Use:   "log PLUGIN",
		Short: "Show the last lines of a plugin's log",
		Long: `Show the last lines of a plugin's log, also those from before its last restart, and
those below the level at which the relay logs.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.pluginNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			lines, err := r.PluginLog(ctx, args[0])
			if err != nil {
				return err
			}
			return show(a, lines, "TIME LEVEL TEXT", func(l operator.LogLine) []string { return []string{when(l.Time), l.Level, l.Text} })
		}),
	}
}

// pluginServe is how the relay runs a bundled connector: by executing itself.
func (a *app) pluginServe() *cobra.Command {
	return &cobra.Command{
		Use:    "serve TYPE",
		Short:  "Serve a bundled connector type to the relay that started this process",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			factory, ok := plugins.Bundled()[args[0]]
			if !ok {
				return fmt.Errorf("%w: there is no bundled connector type %q", errUsage, args[0])
			}
			if err := undumpable(); err != nil {
				return err
			}
			connector.Serve(factory)
			return nil
		},
	}
}

// pluginReadFeeds is how the bundled feed connector parses what comes from the
// network: by executing itself.
func (a *app) pluginReadFeeds() *cobra.Command {
	return &cobra.Command{
		Use:    "read-feeds",
		Short:  "Parse feeds for the process that started this one",
		Args:   cobra.NoArgs,
		Hidden: true,
		Run:    func(*cobra.Command, []string) { rss.ServeReader(os.Stdin, os.Stdout) },
	}
}
