package main

import (
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
	var q store.EventFilter
	var fates []string
	var since string
	cmd := &cobra.Command{
		Use:   "events",
		Short: "List all events with their fates, newest first",
		Long:  "List all events with their fates, newest first: also those that no route wanted. `relay explain EVENT` tells more of one.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, f := range fates {
				q.Fates = append(q.Fates, event.Fate(f))
			}
			var err error
			if q.Since, err = parseSince(since, time.Now()); err != nil {
				return err
			}
			return a.listEvents(cmd, q)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Connector, "connector", "", "only from this connector")
	f.StringSliceVar(&fates, "fate", nil, "only with these fates: routed, filtered, suspended")
	f.StringVar(&q.Kind, "kind", "", "only of this kind")
	f.StringVar(&q.Key, "key", "", "only with this key")
	f.StringVar(&since, "since", "", "only accepted since then: a time such as 2026-05-01 or 2026-05-01T08:00:00Z, or how long ago, such as 90m or 7d")
	f.StringVar(&q.Text, "text", "", "only with this text in the card")
	completeFlag(cmd, "connector", a.connectorNames)
	completeFlag(cmd, "fate", fateNames)
	completeFlag(cmd, "kind", kindNames)
	f.Int64Var(&q.Before, "before", 0, "only older than this event")
	f.IntVarP(&q.Limit, "limit", "n", 20, "at most this many")
	return cmd
}

func (a *app) listEvents(cmd *cobra.Command, q store.EventFilter) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	list, err := c.Events(cmd.Context(), q)
	if err != nil {
		return err
	}
	return show(a, list, "EVENT CONNECTOR KIND FATE ACCEPTED TITLE", func(e operator.Fated) []string {
		return []string{strconv.FormatInt(e.ID, 10), e.Connector, e.Kind, fateLine(e), when(e.AcceptedAt), short(e.Title, 60)}
	})
}

// fateLine says what became of an event, and why.
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

// parseSince reads a time, or how long ago it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("%w: --since %q is neither a time, such as 2026-05-01 or 2026-05-01T08:00:00Z, nor how long ago, such as 90m or 7d", errUsage, text)
}

func (a *app) refusedCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "refused [CONNECTOR]",
		Short: "List the requests to hooks that were refused, the last one first",
		Long:  "List the requests to hooks of which nothing was accepted, the last one first: when, from where, and what the sender was told. The last hundred of each connector are kept, for as long as `retention` says. Requests to unknown hook URLs are not among them.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Refusals(cmd.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			return show(a, list, "LAST CONNECTOR FROM METHOD STATUS COUNT BYTES REASON", func(r store.Refusal) []string {
				return []string{
					when(r.Last), r.Connector, dash(r.Remote), r.Method, strconv.Itoa(r.Status), strconv.Itoa(r.Count), strconv.Itoa(r.Bytes), dash(short(r.Reason, 80)),
				}
			})
		},
	}
}
