package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) loginCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "login CONNECTOR",
		Short: "Sign in to the service of a connector",
		Long: "Sign in to the service of a connector. The relay stores the result of the sign-in\n" +
			"encrypted, under the key in the variable RELAY_KEY or in the key file beside the store.",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.connectorNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			s, err := r.SignIn(ctx, args[0])
			if err != nil {
				return err
			}
			if err := a.signIn(ctx, r, s); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "signed in; connector %s is polled now\n", args[0])
			return err
		}),
	}
}

// signIn tells the person what to do, and returns when it is done.
func (a *app) signIn(ctx context.Context, c operator.Relay, s operator.SignIn) error {
	fmt.Fprintf(a.err, "Open %s\n", s.URL)
	if s.Code != "" {
		fmt.Fprintf(a.err, "and enter the code %s\n", s.Code)
	}
	if s.Hint != "" {
		fmt.Fprintln(a.err, s.Hint)
	}
	if s.Flow != string(connector.TokenPage) {
		return c.AwaitSignIn(ctx, s.ID)
	}
	token, err := a.readSecret("Paste the token: ")
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	return c.PasteToken(ctx, s.ID, token)
}

// readSecret reads a line, which a terminal does not show.
func (a *app) readSecret(prompt string) (string, error) {
	fmt.Fprint(a.err, prompt)
	if f, ok := a.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		defer fmt.Fprintln(a.err)
		b, err := term.ReadPassword(int(f.Fd()))
		return string(b), err
	}
	lines := bufio.NewScanner(a.in)
	lines.Scan()
	return lines.Text(), lines.Err()
}
