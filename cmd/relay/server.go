package main

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator/api"
)

// tokenVariable holds the token for a relay elsewhere.
const tokenVariable = "RELAY_TOKEN"

// maxToken bounds a token, which is far shorter.
const maxToken = 4096

// elsewhere is the relay on another machine that a command is for, if it is.
type elsewhere struct {
	url, token, tokenFile, caFile string
}

func (e *elsewhere) flags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&e.url, "server", "", "ask the relay whose dashboard is at this `URL`")
	flags.StringVar(&e.token, "token", "", "- reads the token for --server from the standard input; otherwise it is in "+tokenVariable+" or in --token-file")
	flags.StringVar(&e.tokenFile, "token-file", "", "the `FILE` with the token for --server")
	flags.StringVar(&e.caFile, "ca-file", "", "trust the authorities in this `FILE` for --server, not those of the system")
}

// client returns a client of that relay.
func (e *elsewhere) client(in io.Reader) (*api.Client, error) {
	token, err := e.readToken(in)
	if err != nil {
		return nil, err
	}
	var roots *x509.CertPool
	if e.caFile != "" {
		pem, err := os.ReadFile(e.caFile)
		if err != nil {
			return nil, fmt.Errorf("read the authorities to trust: %w", err)
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", e.caFile)
		}
	}
	client, err := api.Remote(e.url, token, roots)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return client, nil
}

// readToken reads the token from wherever nobody else can see it.
func (e *elsewhere) readToken(in io.Reader) (string, error) {
	b := []byte(os.Getenv(tokenVariable))
	var err error
	switch {
	case e.token != "" && e.token != "-":
		return "", fmt.Errorf("%w: a token among the arguments can be seen by every user of this machine: make a new one, and hand it over in the variable %s, with --token-file FILE or with --token -", errUsage, tokenVariable)
	case e.token == "-":
		b, err = readLine(in)
	case e.tokenFile != "":
		b, err = os.ReadFile(e.tokenFile)
	}
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	b = bytes.TrimSpace(b)
	if len(b) > maxToken || bytes.ContainsFunc(b, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("%w: this is not a token: it has more than one line, or is too long", errUsage)
	}
	return string(b), nil
}

// readLine reads one line and nothing of what follows it, which is for the command.
func readLine(in io.Reader) (line []byte, err error) {
	one := make([]byte, 1)
	for len(line) <= maxToken {
		n, err := in.Read(one)
		if n == 1 && one[0] == '\n' {
			break
		}
		if line = append(line, one[:n]...); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return line, nil
}

// here marks commands that work on files of this machine, so that they say so when they
// are to ask a relay elsewhere.
func (a *app) here(list ...*cobra.Command) []*cobra.Command {
	for _, cmd := range list {
		cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
			if a.server.url == "" {
				return nil
			}
			return fmt.Errorf("%w: `%s` works on this machine's files, so it cannot be asked of %s; run it where the relay runs", errUsage, cmd.CommandPath(), a.server.url)
		}
	}
	return list
}
