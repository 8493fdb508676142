package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/migrate"
	"github.com/connector-relay/relay/relay/printable"
)

// importer reads what another program was configured with.
type importer func(data []byte, file string) (*migrate.Draft, error)

func (a *app) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Turn another program's configuration into one for Relay",
		Long: `Turn another program's configuration into one for Relay. It is written to
standard output, and what needs a person to standard error. It is valid once the
environment variables that it names are set. Secrets of the file are in neither; with
--secrets they are written to a new file of such variables, which only you can read.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var secrets string
	cmd.PersistentFlags().StringVar(&secrets, "secrets", "", "write the variables, with the secrets that were read, to this new `FILE`")
	for _, c := range []struct {
		name, short, long string
		read              importer
	}{
		{"teams", "From an inventory of a tenant's connectors in Microsoft Teams", `From the CSV or JSON of Microsoft's sample scripts that list connectors, of Microsoft
Graph's installedApps, or of an audit log's search for ConnectorAdded. The last is the
best: it alone knows channels, and who added what.`, migrate.Teams},
		{"alertmanager", "From an Alertmanager's configuration", "", migrate.Alertmanager},
		{"grafana", "From Grafana's contact points", "From a file for provisioning or an export, as YAML or JSON.", migrate.Grafana},
		{"apprise", "From Apprise's configuration", "From its text form, or YAML.", migrate.Apprise},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: c.name + " FILE|-", Short: c.short, Long: c.long, Args: cobra.ExactArgs(1),
			RunE: func(_ *cobra.Command, args []string) error { return a.importFrom(args[0], secrets, c.read) },
		})
	}
	return cmd
}

func (a *app) importFrom(file, secrets string, read importer) error {
	data, err := a.readInput(file)
	if err != nil {
		return err
	}
	draft, err := read(data, file)
	if err != nil {
		return fmt.Errorf("import %s: %w", file, err)
	}
	if secrets != "" {
		if err := writeSecrets(draft, secrets); err != nil {
			return err
		}
	}
	out := a.out
	if !isTerminal(out) {
		out = unwrap(out) // into a file, byte for byte
	}
	if _, err := out.Write(draft.HCL()); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	a.sayWhatIsLeft(draft, secrets)
	return nil
}

// writeSecrets writes the variables to a file that did not exist.
func writeSecrets(draft *migrate.Draft, path string) error {
	text, err := draft.Environment()
	if err != nil {
		return fmt.Errorf("write the variables: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the variables: %w", err)
	}
	if _, err = f.Write(text); err != nil {
		f.Close()
		return fmt.Errorf("write the variables: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write the variables: %w", err)
	}
	return nil
}

// sayWhatIsLeft tells a person what to do next.
func (a *app) sayWhatIsLeft(draft *migrate.Draft, secrets string) {
	if todo := draft.Todo(); len(todo) > 0 {
		fmt.Fprintln(a.err, "What needs a person:")
		for _, text := range todo {
			fmt.Fprintln(a.err, "- "+printable.Line(text))
		}
	}
	read := 0
	for _, v := range draft.Variables() {
		if !v.Value.IsZero() {
			read++
		}
	}
	switch {
	case secrets != "":
		fmt.Fprintf(a.err, "The variables are in %s: set -a; . ./%s; set +a; relay validate -c FILE\n", secrets, secrets)
	case read > 0:
		fmt.Fprintf(a.err, "The file's own secrets (%d) are left out; --secrets FILE writes them to a new file.\n", read)
	}
}
