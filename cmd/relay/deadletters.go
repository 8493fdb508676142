package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func (a *app) deadLettersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "List, replay and dismiss deliveries that Relay has given up",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.deadLettersList(), a.deadLettersShow(),
		a.deadLettersChange("replay", "Deliver dead letters again, from their old positions", "replayed", operator.Relay.Replay),
		a.deadLettersChange("dismiss", "Dismiss dead letters", "dismissed", operator.Relay.Dismiss))
	return cmd
}

func (a *app) deadLettersList() *cobra.Command {
	f := store.Filter{States: []delivery.State{delivery.Dead}}
	var count bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, newest first",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			if !count {
				return a.listDeliveries(ctx, r, f)
			}
			n, err := r.Count(ctx, f)
			if err != nil {
				return err
			}
			return a.showCount(n)
		}),
	}
	cmd.Flags().BoolVar(&count, "count", false, "only say how many there are")
	a.cardFlags(cmd, &f.Channel, &f.Connector, &f.Kind, &f.Text, &f.Verdict)
	timeFlags(cmd, &f.Since, &f.Until)
	cmd.Flags().IntVarP(&f.Limit, "limit", "n", 20, "at most this many")
	return cmd
}

func (a *app) deadLettersShow() *cobra.Command {
	return &cobra.Command{
		Use:               "show DELIVERY",
		Short:             "Show a dead letter with its card and all its attempts",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.deadLetterNumbers),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			ids, err := parseIDs(args)
			if err != nil {
				return err
			}
			list, err := r.Deliveries(ctx, store.Filter{Before: ids[0] + 1, Limit: 1})
			if err != nil {
				return err
			}
			if len(list) == 0 || list[0].ID != ids[0] {
				return fmt.Errorf("delivery %d: %w", ids[0], operator.ErrNotFound)
			}
			explanations, err := r.Explain(ctx, strconv.FormatInt(list[0].Event, 10))
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON(explanations)
			}
			for _, e := range explanations {
				a.explain(e)
				fmt.Fprintf(a.out, "%s\n", e.Card)
			}
			return nil
		}),
	}
}

// showCount prints a count.
func (a *app) showCount(n operator.Count) error {
	switch {
	case a.json:
		return a.showJSON([]operator.Count{n})
	case n.More:
		fmt.Fprintf(a.out, "more than %d\n", n.Count)
	default:
		fmt.Fprintln(a.out, n.Count)
	}
	return nil
}

// deadLettersChange returns a command that changes chosen dead letters.
func (a *app) deadLettersChange(name, doc, done string, change func(operator.Relay, context.Context, operator.Selection) ([]int64, error)) *cobra.Command {
	var s operator.Selection
	cmd := &cobra.Command{
		Use:               name + " [DELIVERY]...",
		Short:             doc,
		ValidArgsFunction: complete(a.deadLetterNumbers),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			ids, err := parseIDs(args)
			if err != nil {
				return err
			}
			s.Deliveries = ids
			if !s.Chooses() {
				return fmt.Errorf("%w: name deliveries, or use --channel, another condition, or --all", errUsage)
			}
			changed, err := change(r, ctx, s)
			if err != nil {
				return err
			}
			if a.json {
				err = a.showJSON(asObjects("delivery", changed))
			} else if len(changed) > 0 || len(ids) == 0 {
				_, err = fmt.Fprintf(a.out, "Dead letters %s: %d.\n", done, len(changed))
			}
			return errors.Join(err, missed(ids, changed))
		}),
	}
	a.cardFlags(cmd, &s.Channel, &s.Connector, &s.Kind, &s.Text, &s.Verdict)
	timeFlags(cmd, &s.Since, &s.Until)
	cmd.Flags().BoolVar(&s.All, "all", false, "all of them")
	if name == "replay" {
		cmd.Flags().BoolVar(&s.Dismissed, "dismissed", false, "what was dismissed and is still kept, instead of dead letters")
	}
	cmd.Flags().IntVar(&s.Expected, "expect", 0, fmt.Sprintf("how many there must be, or nothing is changed; needed for more than %d", operator.MostUnsaid))
	return cmd
}

// missed returns an error when some of the named deliveries are not dead letters.
func missed(named, changed []int64) error {
	var missing []string
	for _, id := range named {
		if !slices.Contains(changed, id) {
			missing = append(missing, strconv.FormatInt(id, 10))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("no dead letter: %s; `relay dead-letters list` lists them", strings.Join(missing, ", "))
}

func parseIDs(args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id < 1 {
			return nil, fmt.Errorf("%w: %q is not the number of a delivery", errUsage, arg)
		}
		ids[i] = id
	}
	return ids, nil
}
