package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func (a *app) eventsCommand() *cobra.Command {
	var f store.EventFilter
	var fates []string
	cmd := &cobra.Command{
		Use:   "events",
		Short: "List all events with their fates, newest first",
		Long:  "List all events with their fates, newest first, including those that no route wanted. `relay explain EVENT` says more about one.",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			for _, fate := range fates {
				f.Fates = append(f.Fates, event.Fate(fate))
			}
			list, err := r.Events(ctx, f)
			if err != nil {
				return err
			}
			return show(a, list, "EVENT CONNECTOR KIND FATE ACCEPTED TITLE", func(e operator.Fated) []string {
				return []string{strconv.FormatInt(e.ID, 10), e.Connector, e.Kind, fateLine(e), when(e.AcceptedAt), short(e.Title, 60)}
			})
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Connector, "connector", "", "only from this connector")
	flags.StringSliceVar(&fates, "fate", nil, "only with these fates: routed, filtered, suspended, muted")
	flags.StringVar(&f.Kind, "kind", "", "only of this kind")
	flags.StringVar(&f.Key, "key", "", "only with this key")
	timeFlags(cmd, &f.Since, &f.Until)
	flags.StringVar(&f.Text, "text", "", "only with this text in the card")
	completeFlag(cmd, "connector", a.connectorNames)
	completeFlag(cmd, "fate", fateNames)
	completeFlag(cmd, "kind", kindNames)
	flags.Int64Var(&f.Before, "before", 0, "only older than this event")
	flags.IntVarP(&f.Limit, "limit", "n", 20, "at most this many")
	return cmd
}

// fateLine says what happened to an event, and why.
func fateLine(e operator.Fated) string {
	if len(e.Deliveries) == 0 {
		return string(e.Fate) + ": " + short(e.Reason, 60)
	}
	var list []string
	for _, d := range e.Deliveries {
		list = append(list, d.Channel+" "+string(d.State))
	}
	return string(e.Fate) + ": " + short(strings.Join(list, ", "), 60)
}

// timeFlags adds the flags for when something was accepted.
func timeFlags(cmd *cobra.Command, since, until *time.Time) {
	cmd.Flags().Var((*moment)(since), "since", "only accepted then or later: a time such as 2026-05-01 or 2026-05-01T08:00:00Z, or how long ago, such as 90m or 7d")
	cmd.Flags().Var((*moment)(until), "until", "only accepted before: a time, or how long ago")
}

// moment is a flag for a time, or how long ago it was.
type moment time.Time

// Type implements [pflag.Value].
func (*moment) Type() string { return "time" }

// String implements [pflag.Value].
func (m *moment) String() string {
	if t := time.Time(*m); !t.IsZero() {
		return t.Format(time.RFC3339)
	}
	return ""
}

// Set implements [pflag.Value].
func (m *moment) Set(text string) error {
	t, err := sinceOrAgo(text, time.Now())
	*m = moment(t)
	return err
}

// sinceOrAgo reads a time, or how long ago it was.
func sinceOrAgo(text string, now time.Time) (time.Time, error) {
	if t, ok := parseTime(text); ok {
		return t, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a time, such as 2026-05-01 or 2026-05-01T08:00:00Z, nor how long ago, such as 90m or 7d", text)
}

// parseTime reads a time as people write it.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
