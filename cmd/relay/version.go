package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.showJSON([]map[string]string{{
					"version": version(), "go": runtime.Version(), "platform": platform(),
				}})
			}
			_, err := fmt.Fprintf(a.out, "relay %s (%s, %s)\n", version(), runtime.Version(), platform())
			return err
		},
	}
}

// version is the module's version as the Go toolchain stamped it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
