package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/preview"
)

func (a *app) previewCommand() *cobra.Command {
	var only string
	cmd := &cobra.Command{
		Use:   "preview FILE|-",
		Short: "Show a card as each chat system would get it, with its size and what was left out",
		Long: "Show whatever an incoming webhook accepts (a Connector Card, an Adaptive Card, a payload for Slack or any JSON) as each chat system would get it, " +
			"with its size and what was left out. The chat system for which it was written comes first.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.readInput(args[0])
			if err != nil {
				return err
			}
			previews, notes, err := preview.Read(cmd.Context(), args[0], b, only)
			for _, note := range notes {
				fmt.Fprintln(a.err, "relay:", note)
			}
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON(previews)
			}
			return a.printPreviews(previews)
		},
	}
	cmd.Flags().StringVar(&only, "type", "", "show one channel type only, such as slack")
	completeFlag(cmd, "type", channelTypeNames)
	return cmd
}

func (a *app) printPreviews(previews []operator.Preview) error {
	for i, p := range previews {
		if i == 0 || p.Card != previews[i-1].Card {
			fmt.Fprintf(a.out, "card %d, read as %s\n\n", p.Card, p.Kind)
		}
		name := p.Type
		if p.Payload != "" {
			name += ", payload " + p.Payload
		}
		fmt.Fprintf(a.out, "== %s: %d bytes\n", name, p.Bytes)
		for _, u := range p.Used {
			fmt.Fprintf(a.out, "   %d of %d %s\n", u.Used, u.Most, u.Unit)
		}
		for _, o := range p.Omitted {
			fmt.Fprintln(a.out, "   shortened: "+o)
		}
		if err := a.encoder().Encode(p.Body); err != nil {
			return fmt.Errorf("print %s: %w", name, err)
		}
		fmt.Fprintln(a.out)
	}
	return nil
}
