package main

import (
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay"
)

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the relay until it is told to stop",
		Long: `Run the relay in the foreground. SIGHUP reads the configuration again; SIGTERM
and SIGINT stop it once what is in flight has ended.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return relay.Run(cmd.Context(), relay.Options{
				Config:  a.config,
				Log:     a.logOutput(),
				Version: version(),
			})
		},
	}
}

// logOutput is for people on a terminal, and JSON for machines otherwise.
func (a *app) logOutput() zerolog.LevelWriter {
	if isTerminal(a.err) {
		return zerolog.LevelWriterAdapter{Writer: zerolog.ConsoleWriter{Out: a.err, NoColor: os.Getenv("NO_COLOR") != ""}}
	}
	return zerolog.LevelWriterAdapter{Writer: a.err}
}
