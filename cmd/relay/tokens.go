package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) tokensCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tokens",
		Short: "Create, list and revoke the tokens that programs use",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(a.createTokenCommand(), a.listTokensCommand(), a.revokeTokenCommand())
	return cmd
}

func (a *app) createTokenCommand() *cobra.Command {
	var scopes []string
	var expires string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a token, and show it once",
		Long: `Create a token, and show it once: the relay keeps only its hash. It acts as whoever
makes it, within its scopes: read is to look, operate to act on what is configured (send,
poll, pause, replay, mute), and configure to change that. A token made on the relay's own
machine acts as one of ops.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			n := operator.NewToken{Name: args[0]}
			for _, s := range scopes {
				n.Scopes = append(n.Scopes, access.Scope(s))
			}
			if expires != "never" {
				end, err := after(time.Now(), expires)
				if err != nil {
					return fmt.Errorf("%w: --expires %q is not how long, such as 12h or 90d, or never", errUsage, expires)
				}
				n.Expires = end
			}
			t, err := r.CreateToken(ctx, n)
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON([]operator.Token{t})
			}
			fmt.Fprintf(a.err, "This token is not shown again. It expires %s.\n", expiry(t))
			_, err = fmt.Fprintln(a.out, t.Secret)
			return err
		}),
	}
	cmd.Flags().StringSliceVar(&scopes, "scopes", []string{string(access.Read)}, "what it may do: read, operate, configure")
	cmd.Flags().StringVar(&expires, "expires", "90d", "how long it works, such as 12h or 90d, or never")
	completeFlag(cmd, "scopes", func(*cobra.Command) []string { return texts(access.Everything()) })
	return cmd
}

func expiry(t operator.Token) string {
	if t.Expires.IsZero() {
		return "never"
	}
	return "on " + t.Expires.Local().Format("2006-01-02")
}

func (a *app) listTokensCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the tokens, without what they are",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			list, err := r.Tokens(ctx)
			if err != nil {
				return err
			}
			return show(a, list, "TOKEN OF SCOPES CREATED EXPIRES USED", func(t operator.Token) []string {
				return []string{t.Name, t.Person, strings.Join(texts(t.Scopes), ","), when(t.Created), when(t.Expires), when(t.Used)}
			})
		}),
	}
}

func (a *app) revokeTokenCommand() *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use:               "revoke NAME",
		Short:             "End a token at once",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.tokenNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			if err := r.RevokeToken(ctx, operator.TokenRef{Name: args[0], Person: person}); err != nil {
				return err
			}
			return a.say(operator.TokenRef{Name: args[0], Person: person}, "token %s has ended", args[0])
		}),
	}
	cmd.Flags().StringVar(&person, "of", "", "whose token it is, if it is not yours")
	return cmd
}

func (a *app) tokenNames(cmd *cobra.Command) []string {
	return asked(a, cmd, operator.Relay.Tokens, func(t operator.Token) string { return t.Name + "\tof " + t.Person })
}

// texts returns values as texts.
func texts[T ~string](list []T) []string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = string(v)
	}
	return names
}
