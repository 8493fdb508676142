package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func (a *app) sendCommand() *cobra.Command {
	var c card.Card
	var file string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "send CHANNEL",
		Short: "Send a card to a channel like any other event",
		Example: `  relay send releases --title "Hello" --text "A card from the command line"
  relay send releases --card card.json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			if err := a.readCard(file, &c); err != nil {
				return err
			}
			d, err := r.Send(ctx, args[0], c)
			if err != nil {
				return err
			}
			d, err = follow(ctx, r, d, wait)
			if err != nil {
				return err
			}
			return a.reportSent(d, wait)
		}),
	}
	cmd.Flags().StringVar(&c.Title, "title", "", "the card's title")
	cmd.Flags().StringVar(&c.Text, "text", "", "the card's text, in Markdown")
	cmd.Flags().StringVar(&file, "card", "", "a `FILE` with the card as JSON; - for standard input")
	cmd.Flags().DurationVar(&wait, "wait", 10*time.Second, "how long to wait for the card to arrive; 0 does not wait")
	return cmd
}

// readCard reads a card from a file when one is named.
func (a *app) readCard(file string, c *card.Card) error {
	if file == "" {
		if c.Title == "" && c.Text == "" {
			return fmt.Errorf("%w: a card needs --title, --text or --card", errUsage)
		}
		return nil
	}
	b, err := a.readInput(file)
	if err != nil {
		return err
	}
	parsed, err := card.Parse(b)
	if err != nil {
		return fmt.Errorf("%w: %s is not a card: %w", errUsage, file, err)
	}
	*c = parsed
	return nil
}

func (a *app) readInput(file string) ([]byte, error) {
	if file == "-" {
		b, err := io.ReadAll(a.in)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return b, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read input: %w", err)
	}
	return b, nil
}

// follow asks about the delivery until it has ended or the wait is over.
func follow(ctx context.Context, client operator.Relay, d operator.Delivery, wait time.Duration) (operator.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for d.State == delivery.Waiting {
		select {
		case <-ctx.Done():
			return d, nil
		case <-tick.C:
		}
		list, err := client.Deliveries(ctx, store.Filter{Event: d.Event, Limit: 1})
		if ctx.Err() != nil {
			return d, nil
		}
		if err != nil {
			return d, err
		}
		if len(list) == 1 {
			d = list[0]
		}
	}
	return d, nil
}

// reportSent says what happened to the card. It fails when somebody waited for the card
// and it has not arrived.
func (a *app) reportSent(d operator.Delivery, wait time.Duration) error {
	if a.json {
		if err := a.showJSON([]operator.Delivery{d}); err != nil {
			return err
		}
	}
	why := "see `relay channels`"
	if d.Reason != "" {
		why = d.Reason
	}
	switch {
	case d.State == delivery.Dead:
		return fmt.Errorf("event %d is a dead letter: %s", d.Event, d.Reason)
	case d.State == delivery.Waiting && wait > 0:
		return fmt.Errorf("event %d has not arrived within %s: %s; it is still waiting in the lane of %s", d.Event, wait, why, d.Channel)
	case a.json:
	case d.State == delivery.Waiting:
		fmt.Fprintf(a.out, "event %d waits in the lane of %s: %s\n", d.Event, d.Channel, why)
	default:
		fmt.Fprintf(a.out, "event %d: %s by %s\n", d.Event, d.State, d.Channel)
	}
	return nil
}
