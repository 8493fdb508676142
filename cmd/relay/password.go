package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/connector-relay/relay/relay/access/password"
)

func (a *app) passwordCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "password",
		Short: "Hash a password, for a user block",
		Long: `Hash a password, for a user block in the dashboard's auth block. It reads the
password twice from a terminal, which does not show it, or once from a pipe.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := a.readPassword()
			if err != nil {
				return err
			}
			h, err := password.New(text)
			if err != nil {
				return err
			}
			return a.say(map[string]string{"password": h.String()}, "%s", h)
		},
	}
}

// readPassword reads a new password.
func (a *app) readPassword() (string, error) {
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(a.in, password.Longest+3)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	text, err := a.readSecret("Password: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	again, err := a.readSecret("Again: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if text != again {
		return "", errors.New("the two are not the same; nothing was made")
	}
	return text, nil
}
