package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/channel"
)

// preview is a card as one channel type would get it.
type preview struct {
	Type    string          `json:"type"`
	Payload string          `json:"payload,omitempty"`
	Bytes   int             `json:"bytes"`
	Omitted []string        `json:"omitted"`
	Body    json.RawMessage `json:"body"`
}

func (a *app) previewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "preview FILE|-",
		Short: "Show a card as each chat system would get it, with its size",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := a.readInput(args[0])
			if err != nil {
				return err
			}
			c, err := card.Parse(b)
			if err != nil {
				return fmt.Errorf("%s is not a card: %w", args[0], err)
			}
			if err := c.Validate(); err != nil {
				fmt.Fprintln(a.err, "relay: the card has flaws:", err)
			}
			previews, err := renderAll(c)
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON(previews)
			}
			return a.printPreviews(previews)
		},
	}
}

// renderAll renders a card for every channel type and payload.
func renderAll(c card.Card) ([]preview, error) {
	var previews []preview
	for _, t := range channel.Types() {
		if !t.NeedsURL {
			continue
		}
		payloads := t.Payloads
		if len(payloads) == 0 {
			payloads = []string{""}
		}
		for _, payload := range payloads {
			p, err := channel.Render(t.Name, payload, c)
			if err != nil {
				return nil, err
			}
			previews = append(previews, preview{Type: t.Name, Payload: payload, Bytes: len(p.Body), Omitted: p.Omitted, Body: p.Body})
		}
	}
	return previews, nil
}

func (a *app) printPreviews(previews []preview) error {
	for _, p := range previews {
		name := p.Type
		if p.Payload != "" {
			name += ", payload " + p.Payload
		}
		fmt.Fprintf(a.out, "== %s: %d bytes\n", name, p.Bytes)
		for _, o := range p.Omitted {
			fmt.Fprintln(a.out, "   left out: "+o)
		}
		pretty, err := json.MarshalIndent(p.Body, "", "  ")
		if err != nil {
			return fmt.Errorf("print %s: %w", name, err)
		}
		fmt.Fprintf(a.out, "%s\n\n", pretty)
	}
	return nil
}
