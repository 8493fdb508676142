package main

import (
	"fmt"

	"github.com/spf13/cobra"
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
			if a.json {
				return a.showJSON(asObjects("change", changes))
			}
			if len(changes) == 0 {
				changes = []string{"nothing has changed"}
			}
			for _, change := range changes {
				fmt.Fprintln(a.out, change)
			}
			return nil
		},
	}
}

// asObjects makes an array of objects with one key, the shape of all JSON output.
func asObjects[T any](key string, list []T) []map[string]T {
	objects := make([]map[string]T, len(list))
	for i, v := range list {
		objects[i] = map[string]T{key: v}
	}
	return objects
}
