package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the state of the running relay",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			s, err := r.Status(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON([]operator.Status{s})
			}
			a.printStatus(s)
			return nil
		}),
	}
}

func (a *app) printStatus(s operator.Status) {
	fmt.Fprintf(a.out, "relay %s runs %s since %s\n", s.Version, s.Config, s.Started.Local().Format("2006-01-02 15:04:05"))
	fmt.Fprintf(a.out, "hooks       http://%s/hooks/\n", s.Listen)
	fmt.Fprintf(a.out, "dashboard   http://%s/\n", s.Dashboard)
	fmt.Fprintf(a.out, "connectors  %d\n", s.Connectors)
	fmt.Fprintf(a.out, "channels    %d\n", s.Channels)
	fmt.Fprintf(a.out, "waiting     %d\n", s.Waiting)
	fmt.Fprintf(a.out, "dead        %d\n", s.Dead)
	a.printList("Connectors say:", s.Notes)
	a.printList("Quiet hours:", s.Quiet)
	a.printList("Muted:", s.Muted)
	if len(s.Problems) == 0 {
		fmt.Fprintln(a.out, "\nAll is well.")
		return
	}
	a.printList("This is wrong now:", s.Problems)
}

func (a *app) printList(title string, list []string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(a.out, "\n"+title)
	for _, line := range list {
		fmt.Fprintln(a.out, "  - "+line)
	}
}
