package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "explain EVENT",
		Short:             "Explain an event's fate, step by step",
		Long:              "Explain an event's fate, step by step. EVENT is the number that `relay events` shows, or the event's key.",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			list, err := r.Explain(ctx, args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON(list)
			}
			for _, e := range list {
				a.explain(e)
			}
			return nil
		}),
	}
}

func (a *app) explain(e operator.Explanation) {
	fmt.Fprintf(a.out, "event %d: %s\n", e.ID, e.Title)
	fmt.Fprintf(a.out, "  %s from connector %s, kind %s, key %s\n", clock(e.AcceptedAt), e.Connector, e.Kind, e.Key)
	if e.Notes != "" {
		fmt.Fprintln(a.out, "  noted:", e.Notes)
	}
	for _, r := range e.Routes {
		fmt.Fprintln(a.out, "  "+routeLine(r))
	}
	switch e.Fate {
	case event.Filtered:
		fmt.Fprintln(a.out, "  filtered: no route wanted it")
	case event.Suspended:
		fmt.Fprintln(a.out, "  suspended: the connector's owner is not a member of the channels' teams; it is not sent later")
	case event.Muted:
		fmt.Fprintln(a.out, "  muted: it is not sent later")
	case event.Routed:
	}
	for _, d := range e.Deliveries {
		fmt.Fprintf(a.out, "  delivery %d to channel %s\n", d.ID, d.Channel)
		for _, t := range d.Tries {
			fmt.Fprintln(a.out, "    "+attemptLine(t))
		}
		fmt.Fprintln(a.out, "    "+endLine(d.Delivery))
	}
}

func routeLine(r event.Trace) string {
	if !r.Matched {
		return fmt.Sprintf("route %d did not match: %s", r.Route, r.Reason)
	}
	line := fmt.Sprintf("route %d matched", r.Route)
	if len(r.Channels) > 0 {
		line += ": to " + strings.Join(r.Channels, ", ")
	}
	parts := []string{line}
	if len(r.Suspended) > 0 {
		parts = append(parts, "suspended: "+strings.Join(r.Suspended, ", "))
	}
	for _, m := range r.Muted {
		parts = append(parts, fmt.Sprintf("not to %s: %s", strings.Join(m.Channels, ", "), m))
	}
	line = strings.Join(parts, "; ")
	if r.Reason != "" {
		line += " (" + r.Reason + ")"
	}
	return line
}

func attemptLine(t operator.Attempt) string {
	parts := []string{fmt.Sprintf("%s attempt %d: %s", clock(t.Started), t.Number, t.Verdict)}
	if t.Status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", t.Status))
	}
	if t.Detail != "" {
		parts = append(parts, t.Detail)
	}
	if t.DigestCards > 0 {
		parts = append(parts, fmt.Sprintf("a digest of %d cards", t.DigestCards))
	}
	for _, o := range t.Omitted {
		parts = append(parts, "left out: "+o)
	}
	if t.PossibleDuplicate {
		parts = append(parts, "may have shown the card a second time")
	}
	return strings.Join(parts, "; ")
}

func endLine(d operator.Delivery) string {
	line := stateLine(d)
	if d.Reason != "" {
		line += ": " + d.Reason
	}
	if !d.NextTry.IsZero() {
		line += "; next attempt " + when(d.NextTry)
	}
	return line
}

// stateLine gives a delivery's state, and the digest in which it arrived.
func stateLine(d operator.Delivery) string {
	if d.Digest == 0 {
		return string(d.State)
	}
	return fmt.Sprintf("%s in a digest with %s (delivery %d)", d.State, d.Others(), d.Digest)
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000") }
