package main

import (
	"fmt"
	"io"
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/printable"
)

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the relay until it is stopped",
		Long: `Run the relay in the foreground. SIGHUP makes it read the configuration again; SIGTERM
and SIGINT stop it once what is in flight has ended, and a second one at once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := undumpable(); err != nil {
				return err
			}
			return relay.Run(cmd.Context(), relay.Options{
				Config:  a.config,
				Log:     a.logOutput(),
				Version: version(),
				Ready:   a.sayWhere(),
			})
		},
	}
}

// sayWhere returns what tells a person at a terminal where to look, or nil when standard
// error is no terminal.
func (a *app) sayWhere() func(operator.Status) {
	if !isTerminal(a.err) {
		return nil
	}
	return func(s operator.Status) {
		fmt.Fprintf(a.err, "\nRelay runs. The cards are at http://%s/\nIn another terminal: relay status, relay connectors (hook URLs). Ctrl-C stops it.\n\n", s.Dashboard)
	}
}

// onOneLine makes a log line harmless to a terminal. The writer adds its own colours later.
func onOneLine(line map[string]any) error {
	for name, value := range line {
		if clean := printable.Line(name); clean != name {
			delete(line, name)
			name = clean
		}
		line[name] = inert(value)
	}
	return nil
}

// inert makes each text in a value one harmless line.
func inert(value any) any {
	switch value := value.(type) {
	case string:
		return printable.Line(value)
	case []any:
		for i := range value {
			value[i] = inert(value[i])
		}
	case map[string]any:
		_ = onOneLine(value)
	}
	return value
}

// logOutput writes for people on a terminal, and JSON for machines otherwise.
func (a *app) logOutput() io.Writer {
	if isTerminal(a.err) {
		return zerolog.ConsoleWriter{Out: unwrap(a.err), NoColor: os.Getenv("NO_COLOR") != "", FormatPrepare: onOneLine}
	}
	return a.err
}
