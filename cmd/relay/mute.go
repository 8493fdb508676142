package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/operator"
)

func (a *app) muteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mute",
		Short: "Keep the cards of a connector, for a channel, or that meet a condition, back for a while",
		Long: `Keep cards back for a while: those of a connector, those for a channel, or those of the
events that meet a condition. A muted event is stored with its fate, and its cards are not
delivered later. It comes into force at once and ends by itself; ` + "`relay unmute`" + ` ends it
sooner. To have cards wait instead, use ` + "`relay pause`" + `.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(
		a.muteOneCommand(mute.Connector, "all cards of a connector", a.connectorNames),
		a.muteOneCommand(mute.Channel, "all cards for a channel", a.channelNames),
		a.muteWhenCommand(),
	)
	return cmd
}

// muteOneCommand mutes all cards of one connector or for one channel.
func (a *app) muteOneCommand(sort, what string, names func(*cobra.Command) []string) *cobra.Command {
	var t lasting
	cmd := &cobra.Command{
		Use:               sort + " NAME",
		Short:             "Keep back " + what,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(names),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			return a.mute(ctx, r, operator.Mute{Sort: sort, Name: args[0]}, t)
		}),
	}
	t.flags(cmd)
	return cmd
}

func (a *app) muteWhenCommand() *cobra.Command {
	var t lasting
	var connector string
	cmd := &cobra.Command{
		Use:   "when CONDITION",
		Short: "Keep back the cards of events that meet a condition",
		Long: `Keep back the cards of events that meet a condition: an expression over event, as in a
route's when, such as 'event.kind == "push" && event.data.ref == "refs/heads/main"'. A
condition that cannot be evaluated for an event does not mute it.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			return a.mute(ctx, r, operator.Mute{Sort: mute.Condition, Name: connector, Condition: args[0]}, t)
		}),
	}
	t.flags(cmd)
	cmd.Flags().StringVar(&connector, "connector", "", "only events of this connector")
	completeFlag(cmd, "connector", a.connectorNames)
	return cmd
}

// lasting is how long a mute lasts, and why.
type lasting struct{ span, until, reason string }

func (t *lasting) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&t.span, "for", "", "how long, such as 90m, 2h or 3d")
	flags.StringVar(&t.until, "until", "", "until when instead: a time such as 2026-05-01, \"2026-05-01 08:00\" or 2026-05-01T08:00:00Z")
	flags.StringVar(&t.reason, "reason", "", "why, for whoever misses the cards")
	cmd.MarkFlagsMutuallyExclusive("for", "until")
	cmd.MarkFlagsOneRequired("for", "until")
}

// end returns when it is over.
func (t *lasting) end(now time.Time) (time.Time, error) {
	if t.until != "" {
		end, ok := parseTime(t.until)
		if !ok {
			return time.Time{}, fmt.Errorf("%w: --until %q is not a time, such as 2026-05-01 or 2026-05-01T08:00:00Z", errUsage, t.until)
		}
		return end, nil
	}
	end, err := after(now, t.span)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: --for %q is not how long, such as 90m, 2h or 3d", errUsage, t.span)
	}
	return end, nil
}

// after returns the end of a span such as 90m, 2h or 3d.
func after(now time.Time, span string) (time.Time, error) {
	if days, ok := strings.CutSuffix(span, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil {
			return now.AddDate(0, 0, n), nil
		}
	}
	d, err := time.ParseDuration(span)
	return now.Add(d), err
}

func (a *app) mute(ctx context.Context, r operator.Relay, m operator.Mute, t lasting) (err error) {
	m.Reason = t.reason
	if m.Until, err = t.end(time.Now()); err != nil {
		return err
	}
	if m, err = r.Mute(ctx, m); err != nil {
		return err
	}
	return a.say(m, "%s is muted until %s; `relay unmute %d` ends it sooner", m.What, m.Until.Local().Format("2006-01-02 15:04"), m.ID)
}

func (a *app) unmuteCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "unmute MUTE",
		Short:             "End a mute; what it kept back is not delivered later",
		Long:              "End a mute. MUTE is the number that `relay mutes` shows. What the mute kept back is not delivered later.",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.muteNumbers),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("%w: %q is not the number of a mute", errUsage, args[0])
			}
			if err := r.Unmute(ctx, id); err != nil {
				return err
			}
			return a.say(map[string]int64{"mute": id}, "mute %d has ended", id)
		}),
	}
}

func (a *app) mutesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "mutes",
		Short: "List what is muted now",
		Args:  cobra.NoArgs,
		RunE: a.ask(func(ctx context.Context, r operator.Relay, _ []string) error {
			list, err := r.Mutes(ctx)
			if err != nil {
				return err
			}
			return show(a, list, "MUTE ENDS BY WHAT REASON", func(m operator.Mute) []string {
				return []string{strconv.FormatInt(m.ID, 10), when(m.Until), dash(m.By), short(m.What, 80), dash(short(cmp.Or(m.Problem, m.Reason), 80))}
			})
		}),
	}
}

func (a *app) muteNumbers(cmd *cobra.Command) []string {
	return asked(a, cmd, operator.Relay.Mutes, func(m operator.Mute) string { return fmt.Sprintf("%d\t%s", m.ID, short(m.What, 60)) })
}
