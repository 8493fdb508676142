// Command relay is the daemon and its command line.
//
// Each subcommand has a file of its name. Most ask a running relay over its socket and
// print the answer (api.Client, output.go); a new question is a method there first.
// Add a new subcommand to the list in app.root.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/api"
	"github.com/connector-relay/relay/relay/printable"
	"github.com/connector-relay/relay/relay/state"
)

// Exit codes, as the README promises them.
const (
	exitDone    = 0
	exitFailed  = 1
	exitInvalid = 2
)

// gcPercent trades some memory for speed, in the relay as in its bundled plugins:
// the live heap is small, and what a card leaves behind is many times as much.
// GOGC still has the last word.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal has its default effect: it ends the program at once.
	context.AfterFunc(ctx, stop)
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// app is what every subcommand shares: where it reads and writes, and the common flags.
type app struct {
	in       io.Reader
	out, err io.Writer
	config   string
	server   elsewhere
	json     bool
}

// errUsage marks a command line that does not make sense.
var errUsage = errors.New("usage")

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	// Strangers wrote most of what a command shows.
	out, errOut = printable.NewWriter(out), printable.NewWriter(errOut)
	a := &app{in: in, out: out, err: errOut}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	return a.report(root.ExecuteContext(ctx))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "relay",
		Short:         "Relay posts what happens elsewhere into your team's chat channels",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.PersistentFlags().StringVarP(&a.config, "config", "c", "relay.hcl", "the configuration `FILE`, or the folder whose .hcl files it is")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON")
	a.server.flags(root)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w", errUsage, err)
	})
	root.AddCommand(
		a.planCommand(), a.reloadCommand(), a.statusCommand(), a.connectorsCommand(), a.channelsCommand(),
		a.sendCommand(), a.pollCommand(), a.loginCommand(), a.doctorCommand(),
		a.eventsCommand(), a.explainCommand(), a.refusedCommand(), a.deliveriesCommand(), a.deadLettersCommand(),
		a.pauseCommand(), a.drainCommand(), a.resumeCommand(), a.muteCommand(), a.unmuteCommand(), a.mutesCommand(), a.tokensCommand(), a.auditCommand(), a.pluginCommand(), a.versionCommand(),
	)
	root.AddCommand(a.here(
		a.runCommand(), a.validateCommand(), a.fmtCommand(), a.previewCommand(), a.storeCommand(), a.importCommand(), a.passwordCommand(), a.docsCommand(),
	)...)
	wrapArgs(root)
	return root
}

// wrapArgs makes wrong arguments of any command a usage error, which has an exit
// code of its own.
func wrapArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return fmt.Errorf("%w: %w; see `%s --help`", errUsage, err, c.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// report tells a person what went wrong and returns the exit code for it.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	if invalid, ok := errors.AsType[*config.Error](err); ok {
		invalid.Write(unwrap(a.err), isTerminal(a.err))
		return exitInvalid
	}
	text := err.Error()
	if errors.Is(err, errUsage) {
		fmt.Fprintln(a.err, "relay: "+printable.Line(strings.TrimPrefix(text, "usage: ")))
		return exitInvalid
	}
	if errors.Is(err, operator.ErrInvalid) {
		fmt.Fprintln(a.err, "relay: "+text) // these may be a configuration's diagnostics, which need their line breaks
		return exitInvalid
	}
	fmt.Fprintln(a.err, "relay: "+strings.ReplaceAll(text, "\n", "\n       "))
	return exitFailed
}

// client returns a client of the relay that runs with this configuration, or elsewhere.
func (a *app) client() (operator.Relay, error) {
	client, err := a.dial()
	if err != nil {
		return nil, err
	}
	if !a.json {
		client.Received(printable.Flatten)
	}
	return client, nil
}

func (a *app) dial() (*api.Client, error) {
	if a.server.url != "" {
		return a.server.client(a.in)
	}
	at, err := state.Of(a.config)
	if err != nil {
		return nil, err
	}
	return api.Dial(at.Socket), nil
}

// ask is a command that asks the relay that runs.
func (a *app) ask(do func(ctx context.Context, r operator.Relay, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		r, err := a.client()
		if err != nil {
			return err
		}
		return do(cmd.Context(), r, args)
	}
}

// unwrap returns the writer that escapes nothing, for output that is clean and has
// colours, or that goes into a file.
func unwrap(w io.Writer) io.Writer {
	if p, ok := w.(*printable.Writer); ok {
		return p.Unwrap()
	}
	return w
}

func isTerminal(w io.Writer) bool {
	f, ok := unwrap(w).(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
