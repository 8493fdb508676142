package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) reloadCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Make the running relay read its configuration again",
		Long: `Make the running relay read its configuration again. Everything is checked before
anything changes; when something is wrong the old configuration goes on.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			changes, err := c.Reload(cmd.Context())
			if err != nil {
				return err
			}
			return a.showChanges(changes, "nothing has changed")
		},
	}
}

func (a *app) planCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "plan",
		Short: "Say what a reload would change, and what it would leave behind",
		Long: `Say what a reload would change in the running relay, and what it would leave behind:
cards that wait in a channel that goes away, hook URLs that senders still use,
checkpoints. It changes nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			changes, err := c.Plan(cmd.Context())
			if err != nil {
				return err
			}
			return a.showChanges(changes, "a reload would change nothing")
		},
	}
}

// showChanges prints what a configuration changes, a line each, with what to do about
// it below.
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

// asObjects makes an array of objects with one key, the shape of all JSON output.
func asObjects[T any](key string, list []T) []map[string]T {
	objects := make([]map[string]T, len(list))
	for i, v := range list {
		objects[i] = map[string]T{key: v}
	}
	return objects
}
